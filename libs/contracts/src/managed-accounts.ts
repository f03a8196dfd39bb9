import { displayText, EmailAddress, error, Id, spec } from '@rivergate/endpoint';
import { z } from 'zod';
import { EmailTaken, InvalidPassword, UserNotFound } from './identity.ts';

export const NotManaged = error(
  'ACCOUNT_NOT_MANAGED',
  409,
  "The account is not the organization's to change: it was made elsewhere, or its user belongs to others as well",
);

/** Asked by organization and sso, which decide by it whose account it is that somebody who is brought has already. */
export const findAccount = spec({
  owner: 'identity',
  operation: 'findAccount',
  method: 'post',
  path: '/internal/accounts/search',
  summary: 'An account by its id, or by an address, be it the primary one or another on file',
  caller: 'internal',
  callers: ['organization', 'sso'],
  safe: true,
  body: z
    .object({ user_id: Id.optional(), email: EmailAddress.optional() })
    .refine(body => (body.user_id === undefined) !== (body.email === undefined), {
      error: 'needs exactly one of user_id and email',
      params: { code: 'required' },
    }),
  answer: z.object({
    user_id: Id,
    email: z.string().meta({ description: 'The primary one' }),
    display_name: z.string(),
    verified: z.boolean(),
    managed_by: Id.nullable().meta({ description: 'Organization that made the account and vouches for it' }),
  }),
  errors: [UserNotFound],
});

const params = z.object({ organization_id: Id, user_id: Id });

/**
 * Idempotent; done again when the event organization.account.vouched arrives. An account that nobody has verified loses its
 * password, if it has one: whoever set it has proved nothing.
 */
export const vouchForAccount = spec({
  owner: 'identity',
  operation: 'vouchForAccount',
  method: 'put',
  path: '/internal/organizations/:organization_id/managed-accounts/:user_id',
  summary:
    "Verify an account that was made for an organization's member by the organization's word, and enable it",
  caller: 'internal',
  callers: ['organization'],
  params,
  status: 204,
  errors: [UserNotFound, NotManaged],
});

/** Only what is given changes, each with what follows where its user does the same. */
export const changeManagedAccount = spec({
  owner: 'identity',
  operation: 'changeManagedAccount',
  method: 'patch',
  path: '/internal/organizations/:organization_id/managed-accounts/:user_id',
  summary: 'Change an account that an organization manages',
  caller: 'internal',
  callers: ['organization'],
  params,
  body: z.object({
    email: EmailAddress.optional(),
    display_name: displayText(100).optional(),
    password: z.string().max(128).optional(),
  }),
  answer: z.object({ email: z.string(), display_name: z.string() }),
  errors: [UserNotFound, NotManaged, EmailTaken, InvalidPassword],
});
