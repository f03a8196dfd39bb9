import { SCOPES } from '@rivergate/caller';
import { displayText, error, Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

export { TokenNotFound } from '@rivergate/contracts';
export const TokenCreationFailed = error(
  'TOKEN_CREATION_FAILED',
  400,
  'There is no such organization, or you are no member of it',
);
export const OrganizationAccessDenied = error(
  'ORGANIZATION_ACCESS_DENIED',
  403,
  'There is no such organization, or you are no member of it',
);
export const PermissionDenied = error('PERMISSION_DENIED', 403, 'This takes an administrator');

export const TokenName = displayText(100).meta({ examples: ['Nightly report'] });

export const Scopes = z
  .array(z.enum(SCOPES))
  .min(1)
  .max(100)
  .meta({
    description:
      'read: what only reads; write: what creates, changes, deletes or executes; admin: what is reserved to organization ' +
      'administrators. None implies another.',
    examples: [['read', 'write']],
  });

export const ExpiresInDays = z
  .int()
  .min(1)
  .max(365)
  .meta({ examples: [30] });

/** What every answer tells of a token. */
const facts = {
  id: Id,
  name: TokenName,
  scopes: z.array(z.enum(SCOPES)),
  organization_id: Id.nullable().meta({
    description: 'The only organization that it acts in; null: every one',
  }),
  expires_at: Timestamp,
  created_at: Timestamp,
};

export const Token = z
  .object({ ...facts, last_used_at: Timestamp.nullable().meta({ description: 'To the minute' }) })
  .meta({ id: 'PersonalAccessToken' });

export const CreatedToken = z
  .object({
    ...facts,
    token: z.string().meta({
      description: 'In this answer and never again',
      examples: ['pat_TTuHKCMP-pcWEJdXHBbYNe-RUQ9jJtYK3sFzUP4mzo0'],
    }),
  })
  .meta({ id: 'CreatedPersonalAccessToken' });
