import { z } from 'zod';
import { event } from '../declaration.ts';

/**
 * A service that holds rows of organizations says by this that those of a deleted one are gone. It answers
 * `organization.organization.deleted`, in the transaction that erases them.
 */
export function organizationErased<const Service extends string>(service: Service) {
  return event({
    type: `${service}.organization.erased`,
    version: 1,
    audit: 'organization.erased',
    summary: 'What this service held of a deleted organization is gone',
    data: z.object({ organization_id: z.number().int() }),
  });
}
