import { Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

/** How far an erasure is: what its receipt shows. */
export const Erasure = z
  .object({
    status: z.enum(['in_progress', 'finished']),
    requested_at: Timestamp,
    finished_at: Timestamp.nullable(),
    services: z
      .array(
        z.object({
          service: z.string().meta({ examples: ['identity'] }),
          confirmed_at: Timestamp.nullable(),
        }),
      )
      .meta({ description: 'Those that hold something on people, and when each said that it is gone' }),
  })
  .meta({ id: 'Erasure' });

/** An erasure that was asked for just now. */
export const RequestedErasure = z
  .object({
    receipt: z.string().meta({
      description: 'GET /erasures/{receipt} shows how far it is',
      examples: ['5mUsq3bYQ1tWbJ8h2C6qk0pX9vZ7rA4nLdEoFgHiJkM'],
    }),
    requested_at: Timestamp,
  })
  .meta({ id: 'RequestedErasure' });
