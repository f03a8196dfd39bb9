import type { RequestFacts } from '@rivergate/endpoint';
import { oneTimeToken, type SecretBox, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { deviceName } from './device-name.ts';
import { addCandidate } from './device-store.ts';
import { type DeviceHeaders, fingerprintOf } from './fingerprint.ts';

/**
 * Lets the user trust the device of a login, for as long as the activation token lives.
 *
 * @returns null where an organization of the user forbids it, or the device cannot be recognised again
 */
export async function offerTrust(
  { db, request, secretBox }: { db: Knex.Transaction; request: RequestFacts; secretBox: SecretBox },
  { userId, sessionId }: { userId: number; sessionId: number },
  headers: DeviceHeaders,
) {
  if (request.ip === null) return null;
  const token = oneTimeToken();
  const device = await addCandidate(db, {
    userId,
    sessionId,
    name: deviceName(request.userAgent),
    fingerprintHash: fingerprintOf(secretBox, userId, request, headers),
    userAgent: request.userAgent ?? '',
    ip: request.ip,
    activationHash: tokenHash(token),
  });
  return device ? { ...device, activation_token: token, is_active: false as const } : null;
}
