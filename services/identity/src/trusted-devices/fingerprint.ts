import type { RequestFacts } from '@rivergate/endpoint';
import type { SecretBox } from '@rivergate/secrets';
import { z } from 'zod';

const HEADER = 'x-device-fingerprint';
const LONGEST = 4_096;

/** What a device may tell of itself, for declarations of endpoints that recognise it. */
export const DeviceHeaders = z.object({
  [HEADER]: z
    .string()
    .optional()
    .meta({
      description:
        'What the device tells of itself, as JSON, at most 4 KiB; one that is malformed or longer counts as absent',
      examples: ['{"screen":"1920x1080"}'],
    }),
});
export type DeviceHeaders = z.output<typeof DeviceHeaders>;

/** By what a device is recognised: user, address, user agent and what it tells of itself must all be the same. */
export function fingerprintOf(
  box: SecretBox,
  userId: number,
  { ip, userAgent }: Pick<RequestFacts, 'ip' | 'userAgent'>,
  headers: DeviceHeaders,
): string {
  return box.codeHash(JSON.stringify([ip, userAgent, told(headers[HEADER])]), `device of user ${userId}`);
}

function told(header: string | undefined): string {
  if (header === undefined || Buffer.byteLength(header) > LONGEST) return '';
  try {
    JSON.parse(header);
    return header;
  } catch {
    return '';
  }
}
