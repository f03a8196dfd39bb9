import { Forbidden } from '@rivergate/endpoint';

/** Plan of an organization that is one person's own. */
const PERSONAL = 'individual';

/** @throws Forbidden in a personal organization, which has nobody to sign in */
export function requireOrganizationAccount({ plan }: { plan: string | null }): void {
  if (plan === PERSONAL) throw Forbidden('A personal organization has no identity providers');
}
