import { Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

/** How far an erasure is: what its receipt shows. */
export const Erasure = z
  .object({
    status: z.enum(['in_progress', 'finished']),
    requested_at: Timestamp,
    finished_at: Timestamp.nullable(),
    services: z
      .array(z.object({ service: z.string(), confirmed_at: Timestamp.nullable() }))
      .meta({ description: 'Those that hold something on people, and when each said that it is gone' }),
  })
  .meta({ id: 'Erasure' });

/** An erasure that was asked for just now. */
export const RequestedErasure = z
  .object({
    receipt: z.string().meta({ description: 'GET /erasures/{receipt} shows how far it is' }),
    requested_at: Timestamp,
  })
  .meta({ id: 'RequestedErasure' });
