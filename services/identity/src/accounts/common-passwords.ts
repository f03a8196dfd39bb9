import passwords from '@zxcvbn-ts/language-common/src/passwords.json' with { type: 'json' };

/** In lower case: the passwords that leaks hold most often, and words that stand for no more than them. */
const COMMON: ReadonlySet<string> = new Set(passwords).add('rivergate');

/** What people add to a word because a policy wants a digit or a sign: a year, `123!`. */
const ADDITION = /[^\p{L}]{1,6}$/u;
/** Characters; fewer are no word that a guesser would begin with. */
const SHORTEST_WORD = 4;

/**
 * Whether a guesser would try the password among the first, in whatever case it is written (NIST SP 800-63B, section
 * 5.1.1.2): it is common, or a common one with up to six digits and signs at its end.
 */
export function isCommonPassword(password: string): boolean {
  const written = password.toLowerCase();
  const word = written.replace(ADDITION, '');
  return COMMON.has(written) || (word.length >= SHORTEST_WORD && COMMON.has(word));
}
