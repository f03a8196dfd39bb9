import { error, Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { type KeyRow, STATES } from './key-store.ts';

export const ProviderKeyNotFound = error('PROVIDER_KEY_NOT_FOUND', 404, 'The provider has no such key');
export const NextKeyThere = error(
  'NEXT_KEY_THERE',
  409,
  'There is another key beside the current one; finish that rotation, or delete that key first',
);
export const KeyInUse = error(
  'KEY_IN_USE',
  409,
  'The current key cannot be deleted; activate another one first',
);

export const NamedKey = z.object({ provider_id: Id, key_id: Id });

export const ProviderKey = z
  .object({
    id: Id,
    state: z.enum(STATES).meta({
      description:
        '`current` signs, and decrypts; `next` is published beside it, and decrypts; `previous` decrypts until it is deleted',
    }),
    certificate: z.string().meta({ description: 'PEM', examples: ['-----BEGIN CERTIFICATE-----\n…'] }),
    fingerprint: z.string().meta({
      description: 'SHA-256 of the certificate, in hex',
      examples: ['6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b'],
    }),
    expires_at: Timestamp,
    created_at: Timestamp,
  })
  .meta({ id: 'SsoProviderKey' });

/** As administrators see it, without the private key. */
export const shownKey = ({ id, state, certificate, fingerprint, expires_at, created_at }: KeyRow) => ({
  id,
  state,
  certificate,
  fingerprint,
  expires_at,
  created_at,
});

/** What every event about a key says of it. */
export const ofKey = ({ id, fingerprint, expires_at }: KeyRow) => ({
  key_id: id,
  fingerprint,
  expires_at: expires_at.toISOString(),
});
