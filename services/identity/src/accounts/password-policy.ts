import { InvalidPassword } from '@rivergate/contracts';
import { type DetailCode, type FailureDetail, ValidationFailed } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { demandsOf, type PasswordDemands, passwordDemands } from '../organizations/policy-store.ts';
import { isCommonPassword } from './common-passwords.ts';

type Flaw = Pick<FailureDetail, 'code' | 'reason'>;

const RULES: [RegExp, DetailCode, string][] = [
  [/^.{8,}$/su, 'too_small', 'must be 8 to 128 characters long'],
  [/^.{0,128}$/su, 'too_big', 'must be 8 to 128 characters long'],
  [/[A-Z]/, 'missing_character', 'must hold an upper-case letter (A-Z)'],
  [/[a-z]/, 'missing_character', 'must hold a lower-case letter (a-z)'],
  [/[0-9]/, 'missing_character', 'must hold a digit (0-9)'],
];

const TOO_COMMON: Flaw = {
  code: 'not_allowed',
  reason:
    'must not be one that many people use or that is known from leaks, nor such a one with digits or signs added',
};

/** What is wrong with the password; empty when it meets the platform's policy. */
export function passwordFlaws(password: string): Flaw[] {
  const flaws = RULES.filter(([rule]) => !rule.test(password)).map(([, code, reason]) => ({ code, reason }));
  return isCommonPassword(password) ? [...flaws, TOO_COMMON] : flaws;
}

/** @throws InvalidPassword with one detail per broken rule */
export function requirePolicy(password: string): void {
  const flaws = passwordFlaws(password);
  if (flaws.length > 0)
    throw InvalidPassword(
      undefined,
      flaws.map(flaw => ({ field: 'body.password', ...flaw })),
    );
}

/** A new password where the contract answers a breach of the policy with VALIDATION_ERROR. */
export const NewPassword = z
  .string()
  .superRefine((password, context) => {
    for (const { code, reason } of passwordFlaws(password))
      context.addIssue({ code: 'custom', message: reason, params: { code } });
  })
  .meta({
    description:
      '8 to 128 characters, at least one of A-Z, of a-z and of 0-9; none that is common or known from leaks',
    minLength: 8,
    maxLength: 128,
    format: 'password',
    examples: ['Correct-Horse-1'],
  });

/** What the password lacks that organizations of its user demand. Characters are Unicode code points. */
function flawsAgainst({ minLength, specialCharacter }: PasswordDemands, password: string): Flaw[] {
  const flaws: Flaw[] = [];
  if (minLength !== null && [...password].length < minLength)
    flaws.push({
      code: 'too_small',
      reason: `must be at least ${minLength} characters long, as an organization you belong to demands`,
    });
  if (specialCharacter && !/[^\p{L}\p{M}\p{N}\s]/u.test(password))
    flaws.push({
      code: 'missing_character',
      reason: 'must hold a special character such as ! ? # or -, as an organization you belong to demands',
    });
  return flaws;
}

/**
 * Holds a new password against what the organizations demand in which the user is an active member.
 *
 * @throws ValidationFailed with one detail per broken rule
 */
export async function requireOrganizationPolicies(
  db: Knex,
  userId: number,
  newPassword: string,
): Promise<void> {
  const flaws = flawsAgainst(await passwordDemands(db, userId), newPassword);
  if (flaws.length === 0) return;
  throw ValidationFailed(
    `The new password ${flaws.map(({ reason }) => reason).join(', and ')}`,
    flaws.map(flaw => ({ field: 'body.new_password', ...flaw })),
  );
}

/**
 * Holds the first password of an account against what the organization demands of which it will be a member.
 *
 * @throws InvalidPassword with one detail per broken rule
 */
export async function requirePolicyOf(knex: Knex, organizationId: number, password: string): Promise<void> {
  const flaws = flawsAgainst(await demandsOf(knex, organizationId), password);
  if (flaws.length > 0)
    throw InvalidPassword(
      undefined,
      flaws.map(flaw => ({ field: 'body.password', ...flaw })),
    );
}

/** A password to compare with a hash. Longer than any that can be set, but bounded. */
export const KnownPassword = z
  .string()
  .max(1024)
  .meta({ format: 'password', examples: ['Correct-Horse-1'] });
