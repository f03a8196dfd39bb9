import { acrossOrganizations, Forbidden, Id, missingPermission, organizationList } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { organizationsWithPermission } from '../access/organizations-with-permission.ts';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { Invitation, Status, shown } from './invitation.ts';
import { invitationColumns, invitations, whereStatus } from './invitation-store.ts';

const filter = { status: Status.optional() };
const list = organizationList('invitations', Invitation, { ...filter, organization_id: Id.optional() });
const ofOrganization = organizationList('invitations', Invitation, filter);

const newestFirst = (db: Knex.Transaction) => ({
  read: (found: Knex.QueryBuilder) =>
    found.select(invitationColumns(db)).orderBy([
      { column: 'i.created_at', order: 'desc' },
      { column: 'i.id', order: 'desc' },
    ]),
  show: shown,
});

export const listInvitations = endpoint(
  {
    operation: 'listInvitations',
    method: 'get',
    path: '/invitations',
    summary: 'List the invitations that the caller may see',
    description:
      'Of every organization in which the caller holds member.invite, whichever is active; newest first, never a token.',
    // The permission counts in any organization of the caller, so it is looked up here and not in the active one.
    caller: 'user',
    query: list.query,
    answer: list.answer,
    message: 'Invitations retrieved successfully',
    messageInData: true,
    errors: [Forbidden],
  },
  async ({ query, caller, db }) => {
    await acrossOrganizations(db);
    const visible = invitations(db);
    if (!caller.isSystemAdmin) {
      const holding = organizationsWithPermission(db, caller.userId, 'member.invite');
      if (!(await holding.clone().first())) {
        throw Forbidden('You may invite into no organization', [missingPermission('member.invite')]);
      }
      visible.whereIn('i.organization_id', holding);
    }
    if (query.organization_id !== undefined) visible.where('i.organization_id', query.organization_id);
    if (query.status) whereStatus(visible, query.status);

    return await list.page(visible, query, newestFirst(db));
  },
);

export const listOrganizationInvitations = endpoint(
  {
    operation: 'listOrganizationInvitations',
    method: 'get',
    path: '/organizations/:org_id/invitations',
    summary: 'List the invitations of an organization, by status',
    description: 'Newest first, never a token.',
    caller: 'perm:member.invite',
    clients: true,
    params: z.object({ org_id: Id }),
    query: ofOrganization.query,
    answer: ofOrganization.answer,
    message: 'Invitations retrieved successfully',
    messageInData: true,
  },
  async ({ params, query, db }) => {
    await enterOrganization(db, params.org_id);
    const own = invitations(db).where('i.organization_id', params.org_id);
    if (query.status) whereStatus(own, query.status);
    return await ofOrganization.page(own, query, newestFirst(db));
  },
);
