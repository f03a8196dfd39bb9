import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

export const Organization = z
  .object({
    id: Id,
    name: z.string(),
    domain: z.string().nullable(),
    plan: z.string(),
    created_at: Timestamp,
  })
  .meta({ id: 'Organization' });

/** An organization as one of its members lists it. */
export const OwnOrganization = Organization.extend({
  is_admin: z.boolean().meta({ description: 'The caller administers it' }),
}).meta({ id: 'OwnOrganization' });
