import { TokenBundle } from '@rivergate/contracts';
import { Id } from '@rivergate/endpoint';
import { z } from 'zod';

/** What verification by code and by link answer alike. */
export const VerifiedAnswer = TokenBundle.extend({
  user_id: Id,
  email: z.string(),
  is_verified: z.literal(true),
}).meta({ id: 'VerifiedAccount' });
