import { Id, Timestamp, ValidationFailed } from '@rivergate/endpoint';
import { organizationDeletionScheduled } from '@rivergate/events';
import { z } from 'zod';
import { releaseDomains } from '../domains/domain-store.ts';
import { endpoint } from '../endpoint.ts';
import { closeAll } from '../invitations/invitation-store.ts';
import { mailAdministrators } from '../members/mail-administrators.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { personOf } from '../people/people-store.ts';
import { deletionMail } from './deletion-mail.ts';
import { markDeleted } from './deletion-store.ts';
import { PersonalOrganization } from './errors.ts';

export const deleteOrganization = endpoint(
  {
    operation: 'deleteOrganization',
    method: 'delete',
    path: '/organizations/:org_id',
    summary: 'Delete an organization; it can be restored for a while, then it is erased',
    description:
      'From the next request on nothing of it answers its members: sessions in it end, tokens and applications of it are ' +
      'refused, pending invitations are revoked, jobs stop, verified domains are free for others. Every administrator is told by mail. Until erase_at an ' +
      'administrator can restore it; its name stays taken for as long.',
    caller: 'admin',
    session: true,
    fresh: true,
    params: z.object({ org_id: Id }),
    query: z.object({
      confirm_name: z.string().max(255).meta({ description: 'The name of the organization, to the letter' }),
    }),
    answer: z.object({ organization: z.object({ id: Id, deleted_at: Timestamp, erase_at: Timestamp }) }),
    message: 'Organization deleted',
    errors: [PersonalOrganization],
    // A key that is kept would answer for an organization that was restored meanwhile.
    idempotency: false,
  },
  async ({ params, query, caller, db, emit, mailer, deletionGraceDays, appUrl }) => {
    const organization = await lockOrganization(db, params.org_id);
    const { id, name } = organization;
    if (organization.personal_user_id !== null) throw PersonalOrganization();
    if (query.confirm_name !== name) {
      const reason = 'is not the name of the organization';
      throw ValidationFailed(undefined, [{ field: 'query.confirm_name', code: 'not_allowed', reason }]);
    }

    await releaseDomains({ db, emit }, id, 'organization_deleted');
    const revoked = await closeAll(db, id, caller.userId);
    const { deletedAt, eraseAt } = await markDeleted(db, id, caller.userId, deletionGraceDays);
    const erase_at = eraseAt.toISOString();
    const data = { organization_id: id, name, erase_at, revoked_invitations: revoked };
    await emit(organizationDeletionScheduled, { aggregateId: id, organizationId: id, data });
    const by = await personOf(db, caller.userId);
    const facts = { name, by, deletedAt, eraseAt, appUrl };
    await mailAdministrators(db, mailer, id, to => deletionMail(to, facts));
    return { organization: { id, deleted_at: deletedAt, erase_at: eraseAt } };
  },
);
