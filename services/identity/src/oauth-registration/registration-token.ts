import { SCOPES } from '@rivergate/caller';
import { displayText, error, Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { applicationFields } from '../oauth-applications/application.ts';

export const RegistrationTokenNotFound = error(
  'REGISTRATION_TOKEN_NOT_FOUND',
  404,
  'No such registration token in the organization',
);
export const TooManyRegistrationTokens = error(
  'TOO_MANY_REGISTRATION_TOKENS',
  409,
  'The organization has as many registration tokens as it can',
);

/** What an administrator says of a token. */
export const registrationTokenFields = {
  name: displayText(100).meta({ examples: ['Build agents'] }),
  scopes: applicationFields.scopes.meta({
    description: 'The most that a client can have that registers by the token',
    examples: [['read']],
  }),
  max_uses: z.int().min(1).max(1_000).default(1).meta({ description: 'How many clients can register by it' }),
  expires_in_days: z.int().min(1).max(90).default(7),
};

const facts = {
  id: Id,
  name: registrationTokenFields.name,
  token_prefix: z.string().meta({ examples: ['reg_TTuHKCMP'] }),
  scopes: z.array(z.enum(SCOPES)),
  max_uses: z.int(),
  uses: z.int(),
  created_by: Id.meta({ description: 'The administrator; the token ends with their membership' }),
  created_at: Timestamp,
  expires_at: Timestamp,
};

export const RegistrationToken = z.object(facts).meta({ id: 'OAuthRegistrationToken' });
export const CreatedRegistrationToken = z
  .object({
    ...facts,
    token: z.string().meta({
      description: 'In this answer and never again',
      examples: ['reg_TTuHKCMP-pcWEJdXHBbYNe-RUQ9jJtYK3sFzUP4mzo0'],
    }),
  })
  .meta({ id: 'CreatedOAuthRegistrationToken' });
