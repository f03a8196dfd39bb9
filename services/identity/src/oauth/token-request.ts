import { z } from 'zod';
import { clientParameters } from './client-authentication.ts';
import { PKCE_TEXT } from './code-challenge.ts';
import { ResourceParameter } from './resource.ts';
import { ScopeParameter } from './scope.ts';

const Secret = z
  .string()
  .max(512)
  .meta({ examples: ['bNTVUTUT0bEsPTiA6kqHHkDNGk9Yt5xgMlNTFJvQn1s'] });

/** What the token endpoint takes, whichever grant it is; each checks what it needs of it. */
export const TokenRequest = z.object({
  grant_type: z
    .string()
    .max(255)
    .meta({
      description: 'One of grant_types_supported of the metadata',
      examples: ['authorization_code'],
    }),
  ...clientParameters,
  code: Secret.optional(),
  redirect_uri: z
    .string()
    .max(2_000)
    .optional()
    .meta({ description: 'As in the authorization request', examples: ['https://app.example.com/callback'] }),
  code_verifier: z
    .string()
    .regex(PKCE_TEXT)
    .optional()
    .meta({
      description: 'Required where there was a code_challenge, and refused where there was none',
      examples: ['dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'],
    }),
  refresh_token: Secret.optional(),
  device_code: Secret.optional(),
  scope: ScopeParameter.optional(),
  resource: ResourceParameter.optional(),
});
export type TokenRequest = z.infer<typeof TokenRequest>;
