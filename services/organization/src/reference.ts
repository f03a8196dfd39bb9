import { Id } from '@rivergate/endpoint';
import { z } from 'zod';

/** What something else is: its id, and its name for people. */
export const Reference = z.object({ id: Id, name: z.string() }).meta({ id: 'Reference' });
