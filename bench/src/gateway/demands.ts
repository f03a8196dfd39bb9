import type { Verification } from './scene.ts';

/** Requests a minute of a proxy that is started to show its limit, and how many more than those are sent to it. */
export const LOW_LIMIT = 5;
const OVER = 15;

/**
 * Proves that a proxy lets the measured request through and refuses it without a token, with a tampered one, and with
 * one for others, from others or too old.
 *
 * @throws an Error that names what was let through
 */
export async function proveRefusals(name: string, url: string, verification: Verification): Promise<void> {
  const { tokens, caller } = verification;
  const good = await tokens.sign(caller);
  const refused: Record<string, string | null> = {
    'no token': null,
    'a tampered token': tampered(good),
    'a token for another audience': await tokens.sign(caller, { audience: 'another' }),
    'a token of another issuer': await tokens.sign(caller, { issuer: 'http://another.test' }),
    'a token that is too old': await tokens.sign(caller, { expires: '2 minutes ago' }),
  };
  await expectStatus(name, 'a good token', url, good, 200);
  for (const [what, token] of Object.entries(refused)) await expectStatus(name, what, url, token, 401);
}

/**
 * Proves that a proxy with LOW_LIMIT refuses what one subject asks beyond it, and nothing of another.
 *
 * @throws an Error that says what came instead
 */
export async function proveLimit(name: string, url: string, verification: Verification): Promise<void> {
  const { tokens, caller } = verification;
  const [one, other] = await Promise.all(
    [1, 2].map(more => tokens.sign({ ...caller, subject: caller.subject + more })),
  );
  const answers = await Promise.all(Array.from({ length: LOW_LIMIT + OVER }, () => status(url, one!)));
  const passed = answers.filter(answer => answer === 200).length;
  // A bucket fills again while it is emptied, hence not exactly.
  const limited = passed >= LOW_LIMIT && passed <= LOW_LIMIT + OVER / 2;
  if (!limited || answers.some(answer => answer !== 200 && answer !== 429))
    throw new Error(`${name} does not limit: ${answers.join(' ')}`);
  await expectStatus(name, 'another subject', url, other!, 200);
}

async function expectStatus(name: string, what: string, url: string, token: string | null, wanted: number) {
  const found = await status(url, token);
  if (found !== wanted) throw new Error(`${name} answers ${what} with ${found} instead of ${wanted}`);
}

async function status(url: string, token: string | null): Promise<number> {
  const answer = await fetch(url, { headers: token === null ? {} : { authorization: `Bearer ${token}` } });
  await answer.arrayBuffer();
  return answer.status;
}

/** The signature begins otherwise. */
function tampered(token: string): string {
  const start = token.lastIndexOf('.') + 1;
  return token.slice(0, start) + (token[start] === 'A' ? 'B' : 'A') + token.slice(start + 1);
}
