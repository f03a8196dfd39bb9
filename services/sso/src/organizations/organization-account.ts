import { Forbidden } from '@rivergate/endpoint';

/** Plan of an organization that is one person's own. */
const PERSONAL = 'individual';

/** @throws Forbidden in a personal organization, which has nobody to sign in or to provision */
export function requireOrganizationAccount({ plan }: { plan: string | null }): void {
  if (plan === PERSONAL)
    throw Forbidden('Single sign-on and provisioning are for organizations, not for a personal one');
}
