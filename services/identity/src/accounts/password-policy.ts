import { InvalidPassword } from '@rivergate/contracts';
import { ValidationFailed } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { type PasswordDemands, passwordDemands } from '../organizations/policy-store.ts';

const RULES: [RegExp, string][] = [
  [/^.{8,128}$/su, 'must be 8 to 128 characters long'],
  [/[A-Z]/, 'must hold an upper-case letter (A-Z)'],
  [/[a-z]/, 'must hold a lower-case letter (a-z)'],
  [/[0-9]/, 'must hold a digit (0-9)'],
];

/** What the password lacks; empty when it meets the platform's policy. */
export function passwordFlaws(password: string): string[] {
  return RULES.filter(([rule]) => !rule.test(password)).map(([, flaw]) => flaw);
}

/** @throws InvalidPassword with one detail per broken rule */
export function requirePolicy(password: string): void {
  const flaws = passwordFlaws(password);
  if (flaws.length > 0)
    throw InvalidPassword(
      undefined,
      flaws.map(reason => ({ field: 'body.password', reason })),
    );
}

/** A new password where the contract answers a breach of the policy with VALIDATION_ERROR. */
export const NewPassword = z
  .string()
  .superRefine((password, context) => {
    for (const message of passwordFlaws(password)) context.addIssue({ code: 'custom', message });
  })
  .meta({
    description: '8 to 128 characters, at least one of A-Z, of a-z and of 0-9',
    minLength: 8,
    maxLength: 128,
    format: 'password',
    examples: ['Correct-Horse-1'],
  });

/** What the password lacks that organizations of its user demand. Characters are Unicode code points. */
function flawsAgainst({ minLength, specialCharacter }: PasswordDemands, password: string): string[] {
  const flaws: string[] = [];
  if (minLength !== null && [...password].length < minLength)
    flaws.push(`must be at least ${minLength} characters long, as an organization you belong to demands`);
  if (specialCharacter && !/[^\p{L}\p{M}\p{N}\s]/u.test(password))
    flaws.push('must hold a special character such as ! ? # or -, as an organization you belong to demands');
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
    `The new password ${flaws.join(', and ')}`,
    flaws.map(reason => ({ field: 'body.new_password', reason })),
  );
}

/** A password to compare with a hash. Longer than any that can be set, but bounded. */
export const KnownPassword = z
  .string()
  .max(1024)
  .meta({ format: 'password', examples: ['Correct-Horse-1'] });
