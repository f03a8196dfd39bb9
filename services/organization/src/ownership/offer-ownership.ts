import { Forbidden, Id, missingPermission } from '@rivergate/endpoint';
import { ownershipOffered } from '@rivergate/events';
import { z } from 'zod';
import { PersonalOrganization } from '../deletion/errors.ts';
import { endpoint } from '../endpoint.ts';
import { UserNotFound } from '../members/errors.ts';
import { administersForGood } from '../members/last-administrator.ts';
import { membershipOf } from '../members/member-store.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { personOf } from '../people/people-store.ts';
import { RoleNotFound } from '../roles/errors.ts';
import { builtInRole, roleOfOrganization } from '../roles/role-store.ts';
import { TransferNotPossible, TransferPending } from './errors.ts';
import { offerMail } from './offer-mail.ts';
import { endTransfer, OFFER_DAYS, pendingTransfer, Transfer } from './transfer.ts';

export const offerOwnership = endpoint(
  {
    operation: 'transferOwnership',
    method: 'post',
    path: '/organizations/:org_id/transfer-ownership',
    summary: 'Offer to hand the organization over to another member',
    description:
      'The member is told by mail and has seven days to accept. Then the member administers the organization, and the ' +
      'caller has the role that was named, Viewer by default, and no other organization-wide. Until then nothing changes. ' +
      'Other administrators stay what they are.',
    caller: 'admin',
    session: true,
    fresh: true,
    params: z.object({ org_id: Id }),
    body: z
      .object({
        user_id: Id.meta({ description: 'Another active member' }),
        role_id: Id.optional().meta({ description: 'What the caller has afterwards; any role but Admin' }),
      })
      .meta({ examples: [{ user_id: 7 }] }),
    status: 201,
    answer: z.object({ transfer: Transfer }),
    message: 'Ownership offered',
    errors: [UserNotFound, RoleNotFound, TransferPending, TransferNotPossible, PersonalOrganization],
    idempotency: false,
  },
  async ({ params: { org_id: organizationId }, body, caller: { userId }, db, emit, mailer, appUrl }) => {
    const organization = await lockOrganization(db, organizationId);
    // What a system administrator may, nobody can be handed; nor what ends by itself.
    if (!(await administersForGood(db, organizationId, userId)))
      throw Forbidden(undefined, [missingPermission('administrator of the organization, for good')]);
    if (organization.personal_user_id !== null) throw PersonalOrganization();
    const { status } = await membershipOf(db, organizationId, body.user_id);
    if (body.user_id === userId) throw TransferNotPossible('You administer the organization already');
    if (status !== 'active') throw TransferNotPossible('The member is suspended');
    const viewer = await builtInRole(db, organizationId, 'Viewer');
    const role =
      body.role_id === undefined ? viewer : await roleOfOrganization(db, organizationId, body.role_id);
    if (role.permissions.includes('*'))
      throw TransferNotPossible('Who hands over does not keep every permission');

    if (await pendingTransfer(db, organizationId)) throw TransferPending();
    // One that nobody accepted in time.
    await endTransfer(db, organizationId);
    await db('ownership_transfers').insert({
      organization_id: organizationId,
      from_user_id: userId,
      to_user_id: body.user_id,
      role_id: role.id,
      expires_at: db.raw("now() + ? * interval '1 day'", [OFFER_DAYS]),
    });
    const transfer = (await pendingTransfer(db, organizationId))!;
    const data = { organization_id: organizationId, user_id: body.user_id, role_id: role.id };
    await emit(ownershipOffered, { aggregateId: organizationId, organizationId, data });
    const receiver = await personOf(db, body.user_id);
    if (receiver)
      await mailer.send(db, offerMail(receiver.email, { transfer, name: organization.name, appUrl }));
    return { transfer };
  },
);
