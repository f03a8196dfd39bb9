import { Id, organizationList } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Impersonation, Status } from './impersonation.ts';
import { impersonations, shown } from './impersonation-store.ts';

const list = organizationList('impersonations', Impersonation, { status: Status.optional() });

export const listImpersonations = endpoint(
  {
    operation: 'listImpersonations',
    method: 'get',
    path: '/organizations/:org_id/impersonations',
    summary: 'Who asked to act in whose name in the organization, and what became of it',
    description: 'Those that are open first, then the newest.',
    caller: 'perm:user.impersonate',
    params: z.object({ org_id: Id }),
    query: list.query,
    answer: list.answer,
  },
  ({ params: { org_id: organization_id }, query, db }) =>
    list.page(impersonations(db, { organization_id }, query.status), query, {
      read: found => shown(found, db),
    }),
);

export const listOwnImpersonations = endpoint(
  {
    operation: 'listOwnImpersonations',
    method: 'get',
    path: '/auth/me/impersonations',
    summary: "Who asked to act in the caller's name, and what became of it",
    description: 'In every organization; those that are open first, then the newest.',
    caller: 'user',
    session: true,
    query: list.query,
    answer: list.answer,
  },
  ({ caller: { userId: user_id }, query, db }) =>
    list.page(impersonations(db, { user_id }, query.status), query, { read: found => shown(found, db) }),
);
