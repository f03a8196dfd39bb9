import { error, Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

export const InvalidActivationToken = error(
  'INVALID_ACTIVATION_TOKEN',
  400,
  'This activation token is not valid for this session',
);
export const ActivationTokenExpired = error(
  'ACTIVATION_TOKEN_EXPIRED',
  410,
  'This activation token has expired; the next login offers another one',
);
const TOKEN_EXAMPLE = 'pV3k0tJ8yQm5sZr2Lw7cXb1Nf6HdGa9Ue4Ti0Oq8MxE';

export const ActivationToken = z
  .string()
  .min(1)
  .max(512)
  .meta({ description: 'From the login with a second factor', examples: [TOKEN_EXAMPLE] });

const name = z.string().meta({ examples: ['Chrome on Windows'] });

/** What a login with a second factor offers. */
export const OfferedDevice = z
  .object({
    id: Id,
    device_name: name,
    activation_token: z.string().meta({ examples: [TOKEN_EXAMPLE] }),
    expires_at: Timestamp.meta({ description: 'End of the activation token' }),
    is_active: z.literal(false),
  })
  .meta({ id: 'OfferedDevice' });

export const TrustedDevice = z
  .object({
    id: Id,
    device_name: name,
    device_fingerprint: z.string().meta({
      description: 'Keyed hash, in hex',
      examples: ['5e884898da28047151d0e56f8dc6292773603d0d6aabbdd62a11ef721d1542d8'],
    }),
    user_agent: z.string(),
    ip_address: z.string(),
    is_active: z.literal(true),
    created_at: Timestamp,
    last_used_at: Timestamp,
    trusted_until: Timestamp,
  })
  .meta({ id: 'TrustedDevice' });
