import { Id } from '@rivergate/endpoint';
import { z } from 'zod';

/** Who acts in a session in the name of its user. */
export const Impersonator = z.object({ id: Id, display_name: z.string() }).nullable().meta({
  description: 'The administrator who acts in it in the name of the user; null where the user does',
});
