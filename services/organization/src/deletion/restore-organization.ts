import { Id, OrganizationNotFound } from '@rivergate/endpoint';
import { organizationRestored } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Organization } from '../organizations/organization.ts';
import { lockAnyOrganization } from '../organizations/organization-store.ts';
import { markRestored, restorableBy } from './deletion-store.ts';

export const restoreOrganization = endpoint(
  {
    operation: 'restoreOrganization',
    method: 'post',
    // Not :org_id, which would ask for a membership: of a deleted organization nobody has one.
    path: '/organizations/:deleted_org_id/restore',
    summary: 'Restore a deleted organization within its grace period',
    description:
      'For who administered it when it was deleted. Members, roles, workspaces and tokens of members are as they were; ' +
      'sessions, tokens of applications and invitations that ended with it do not come back.',
    caller: 'user',
    session: true,
    params: z.object({ deleted_org_id: Id }),
    answer: z.object({ organization: Organization }),
    message: 'Organization restored',
    errors: [OrganizationNotFound],
    idempotency: false,
  },
  async ({ params: { deleted_org_id: id }, caller, db, emit }) => {
    const { name, domain, plan, created_at, deleted_at, erase_at } = await lockAnyOrganization(db, id);
    if (deleted_at === null || erase_at === null || erase_at <= new Date()) throw OrganizationNotFound();
    if (!caller.isSystemAdmin) {
      const administered = await restorableBy(db, caller.userId).where('o.id', id).first('o.id');
      if (!administered) throw OrganizationNotFound();
    }
    await markRestored(db, id);
    const data = { organization_id: id, name };
    await emit(organizationRestored, { aggregateId: id, organizationId: id, data });
    return { organization: { id, name, domain, plan, created_at } };
  },
);
