import { InvalidPassword } from '@rivergate/contracts';
import { z } from 'zod';

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
  });

/** A password to compare with a hash. Longer than any that can be set, but bounded. */
export const KnownPassword = z.string().max(1024);
