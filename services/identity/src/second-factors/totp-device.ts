import { displayText, Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

export const DeviceName = displayText(100).meta({ examples: ['Phone'] });

export const TotpDevice = z
  .object({
    id: Id,
    device_name: DeviceName,
    type: z.literal('totp'),
    created_at: Timestamp,
    last_used_at: Timestamp.nullable(),
    is_primary: z.boolean(),
    verified: z.literal(true),
  })
  .meta({ id: 'TotpDevice' });
