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

/**
 * A service that holds something on people says by this that what it held of a user is gone, or of a user in one
 * organization. It answers `organization.user.erasure_requested`, in the transaction that erases.
 */
export function userErased<const Service extends string>(service: Service) {
  return event({
    type: `${service}.user.erased`,
    version: 1,
    audit: 'user.erased',
    summary: 'What this service held of a user, or of a user in one organization, is gone',
    data: z.object({
      erasure_id: z.number().int(),
      user_id: z.number().int(),
      organization_id: z.number().int().nullable(),
    }),
  });
}
