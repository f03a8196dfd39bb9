import { Id, NotFound } from '@rivergate/endpoint';
import { z } from 'zod';
import { requireOrganizationAccount } from '../organizations/organization-account.ts';

export const Named = z.object({ organization_id: Id });

/** @throws NotFound for any organization but the caller's active one, Forbidden for a personal one */
export function requireActive(
  caller: { organizationId: number; plan: string | null },
  organizationId: number,
): void {
  if (caller.organizationId !== organizationId) throw NotFound();
  requireOrganizationAccount(caller);
}
