import { boundTo, holds } from '@rivergate/caller';
import { acrossOrganizations, Id, organizationList, sorting } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { whereAdmitted } from '../settings/network.ts';
import { whereEntered } from '../sso-requirement/sso-requirement-store.ts';
import { reachableWorkspaces } from './reachable-workspaces.ts';
import { Workspace } from './workspace.ts';

const workspaces = organizationList('workspaces', Workspace, {
  organization_id: Id.optional().meta({ description: 'Of this organization only' }),
  search: z.string().max(100).optional().meta({ description: 'Part of name or slug' }),
  ...sorting(['name', 'created_at']),
});

export const listWorkspaces = endpoint(
  {
    operation: 'listWorkspaces',
    method: 'get',
    path: '/workspaces',
    summary: 'List the workspaces that the caller sees',
    description:
      'Over all organizations of the caller; a token that is bound to one sees those of it only. An organization_id of ' +
      'which the caller is no member gives an empty list.',
    caller: 'user',
    everyOrganization: true,
    clients: true,
    query: workspaces.query,
    answer: workspaces.answer,
    message: 'Workspaces listed successfully',
    messageInData: true,
  },
  async ({ query, caller, db }) => {
    await acrossOrganizations(db);
    const isClient = caller.kind === 'client';
    const seesAll = caller.isSystemAdmin || (isClient && holds(caller, 'workspace.read'));
    const seen: Knex.QueryBuilder = seesAll
      ? db('workspaces as w')
      : reachableWorkspaces(db, caller.userId ?? 0)
          .modify(whereAdmitted, caller)
          .modify(whereEntered, caller);
    const only = isClient ? caller.organizationId : boundTo(caller);
    if (isClient || only !== null) seen.where('w.organization_id', only);
    if (query.organization_id !== undefined) seen.where('w.organization_id', query.organization_id);
    if (query.search) {
      const found = 'strpos(lower(w.name), lower(:search)) > 0 or strpos(w.slug, lower(:search)) > 0';
      seen.whereRaw(`(${found})`, { search: query.search });
    }
    const column = query.sort_by === 'name' ? db.raw('lower(w.name)') : 'w.created_at';
    return workspaces.page(seen, query, {
      read: matching =>
        matching.select('w.id', 'w.name', 'w.slug', 'w.organization_id', 'w.is_default').orderBy([
          { column: column as string, order: query.sort_order },
          { column: 'w.id', order: query.sort_order },
        ]),
    });
  },
);
