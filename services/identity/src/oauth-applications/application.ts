import { SCOPES } from '@rivergate/caller';
import { displayText, error, Id, Timestamp, ValidationFailed } from '@rivergate/endpoint';
import { z } from 'zod';
import { SIGNING_ALGORITHMS } from '../keys/signing-key-store.ts';
import { RedirectUri } from './redirect-uri.ts';

export const ApplicationExists = error(
  'APPLICATION_EXISTS',
  400,
  'The organization has an application of that name',
);
export const ApplicationNotFound = error(
  'APPLICATION_NOT_FOUND',
  404,
  'No such application in the organization',
);

/** RFC 8628, section 3.4 */
export const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code';

/** The grants that an application registers for; those for users bring `refresh_token` with them. */
export const GRANT_TYPES = ['authorization_code', 'client_credentials', DEVICE_CODE] as const;
export type GrantType = (typeof GRANT_TYPES)[number];

const withoutRepeats = <Item>(list: Item[]) => [...new Set(list)];

/** What an administrator says of an application. */
export const applicationFields = {
  name: displayText(100).meta({
    description: 'Unique in the organization, without regard to case',
    examples: ['Warehouse dashboard'],
  }),
  description: displayText(500).meta({ examples: ['Shows what is in stock'] }),
  grant_types: z
    .array(z.enum(GRANT_TYPES))
    .min(1)
    .max(10)
    .overwrite(withoutRepeats)
    .meta({
      description: 'authorization_code and device_code bring the refresh_token grant with them',
      examples: [['authorization_code']],
    }),
  redirect_uris: z
    .array(RedirectUri)
    .max(20)
    .overwrite(withoutRepeats)
    .meta({ description: 'At least one where grant_types holds authorization_code' }),
  scopes: z
    .array(z.enum(SCOPES))
    .min(1)
    .max(10)
    .overwrite(withoutRepeats)
    .meta({ description: 'The most that a token of the application can carry', examples: [['read']] }),
  access_level: z.enum(['organization']).meta({
    description: 'Only members of the organization may authorize the application',
  }),
  id_token_signed_response_alg: z
    .enum(SIGNING_ALGORITHMS)
    .meta({ description: 'What ID tokens of the application are signed with', examples: ['ES256'] }),
  post_logout_redirect_uris: z
    .array(RedirectUri)
    .max(20)
    .overwrite(withoutRepeats)
    .meta({ description: 'Where people may be led who have signed out, to the letter' }),
};

/** @throws ValidationFailed where codes would have nowhere to go */
export function requireRedirectUri(application: {
  grant_types: readonly GrantType[];
  redirect_uris: readonly string[];
}): void {
  if (!application.grant_types.includes('authorization_code') || application.redirect_uris.length > 0) return;
  const reason = 'must hold at least one address, for the grant authorization_code';
  throw ValidationFailed(undefined, [{ field: 'body.redirect_uris', code: 'too_small', reason }]);
}

export const Status = z.enum(['active', 'revoked']);

/** What every answer tells of an application. */
const facts = {
  id: Id,
  ...applicationFields,
  description: applicationFields.description.nullable(),
  client_id: z.uuid().meta({ examples: ['5f0c1c0e-3f43-4a5e-9a51-6a7b1c2d3e4f'] }),
  status: Status,
};

export const ApplicationChanged = z.object(facts).meta({ id: 'ChangedOAuthApplication' });
export const Application = z
  .object({
    ...facts,
    created_at: Timestamp,
    last_used_at: Timestamp.nullable().meta({ description: 'Null until the first use; to the minute' }),
  })
  .meta({ id: 'OAuthApplication' });

export const ClientSecret = z.string().meta({
  description: 'In this answer and never again',
  examples: ['secret_TTuHKCMP-pcWEJdXHBbYNe-RUQ9jJtYK3sFzUP4mzo0'],
});
export const CreatedApplication = z
  .object({ ...facts, client_secret: ClientSecret, created_at: Timestamp })
  .meta({ id: 'CreatedOAuthApplication' });
