import { USAGE_SOURCES, UsageFigure } from '@rivergate/contracts';
import { Id, UpstreamUnavailable } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { pendingInvitations } from '../invitations/invitation-store.ts';
import { membersOf } from '../members/member-store.ts';
import { enterOrganization } from './organization-store.ts';

export const getUsage = endpoint(
  {
    operation: 'getOrganizationUsage',
    method: 'get',
    path: '/organizations/:org_id/usage',
    summary: 'Plan, limits and what is used of them',
    description: 'Seats are members, suspended ones too, and pending invitations together.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    answer: z.object({ plan: z.string(), usage: z.array(UsageFigure) }),
    message: 'Usage retrieved successfully',
    messageInData: true,
    errors: [UpstreamUnavailable],
  },
  {
    async prepare({ params: { org_id: organization_id }, call }) {
      const answers = await Promise.all(
        USAGE_SOURCES.map(source => call(source, { params: { organization_id } })),
      );
      return answers.flatMap(({ figures }) => figures);
    },
    async handle({ params, db, plans, prepared }) {
      const { id, plan } = await enterOrganization(db, params.org_id);
      const [members, invitations, workspaces] = [
        await membersOf(db, id),
        await pendingInvitations(db, id),
        await workspacesIn(db, id),
      ];
      const figure = (resource: string, used: number, limit: number | null = null) => ({
        resource,
        used,
        limit,
      });
      const usage = [
        figure('seats', members + invitations, plans.seats(plan)),
        figure('members', members),
        figure('pending_invitations', invitations),
        figure('workspaces', workspaces),
        ...prepared,
      ];
      return { plan, usage };
    },
  },
);

async function workspacesIn(db: Knex.Transaction, organizationId: number): Promise<number> {
  const row = await db('workspaces').where({ organization_id: organizationId }).count({ count: '*' }).first();
  return Number(row?.count);
}
