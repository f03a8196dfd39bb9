import { z } from 'zod';
import { clientParameters } from './client-authentication.ts';

/** A token that a client asks about, or ends (RFC 7009, section 2.1; RFC 7662, section 2.1). */
export const TokenParameters = z.object({
  token: z
    .string()
    .max(4_096)
    .meta({ examples: ['bNTVUTUT0bEsPTiA6kqHHkDNGk9Yt5xgMlNTFJvQn1s'] }),
  token_type_hint: z
    .string()
    .max(255)
    .optional()
    .meta({ description: 'Changes nothing', examples: ['refresh_token'] }),
  ...clientParameters,
});
