import type { Filled } from './seed.ts';

/** What is asked of an organization, whichever its size. */
export interface Question {
  name: string;
  /** Paths of requests that differ, so that no answer is that of the one before; the number says which. */
  path(organization: Filled, number: number): string;
}

const members =
  (query: string) =>
  ({ id }: Filled) =>
    `/api/v1/organizations/${id}/members?${query}`;
const audit =
  (query: string) =>
  ({ id }: Filled) =>
    `/api/v1/organizations/${id}/audit-logs?limit=20&${query}`;
const users = (query: string) => () => `/api/v1/users/search?limit=20&${query}`;
const userOf = ({ firstUser, members }: Filled, number: number) =>
  firstUser + 1 + ((number * 7919) % members);

export const questions: Question[] = [
  { name: 'members, first page', path: members('limit=20') },
  { name: 'members by name', path: members('limit=20&sort_by=display_name') },
  { name: 'members by address, last first', path: members('limit=20&sort_by=email&sort_order=desc') },
  {
    name: 'members, in the middle by cursor',
    path: ({ id, middle }) => `/api/v1/organizations/${id}/members?limit=20&cursor=${middle}`,
  },
  {
    name: 'members, in the middle by skip',
    path: ({ id, members }) => `/api/v1/organizations/${id}/members?limit=20&skip=${members / 2}`,
  },
  { name: 'members who are suspended', path: members('limit=20&status=suspended') },
  {
    name: 'members who hold a role',
    path: ({ id, roleId }) => `/api/v1/organizations/${id}/members?limit=20&role_id=${roleId}`,
  },
  { name: 'users, first page', path: () => '/api/v1/users?limit=20' },
  {
    name: 'users of a workspace',
    path: ({ workspaceId }) => `/api/v1/users?limit=20&workspace_id=${workspaceId}`,
  },
  {
    name: 'one user',
    path: (organization, number) => `/api/v1/users/${userOf(organization, number)}`,
  },
  {
    name: 'search: an address',
    path: (_, number) =>
      `/api/v1/users/search?limit=20&email=.com${number}`.replace(/\.com(\d+)/, (_all, n) => `${n}@example`),
  },
  { name: 'search: a rare name', path: users('name=grace%20w') },
  { name: 'search: a common name', path: users('name=anders') },
  { name: 'search: a common part', path: users('email=example') },
  { name: 'search: two letters, common', path: users('name=an') },
  { name: 'search: two letters, rare', path: users('name=xq') },
  { name: 'search: one letter, common', path: users('name=a') },
  { name: 'search: one letter, rare', path: users('name=%23') },
  { name: 'search: no hit', path: users('name=zzzzzz') },
  { name: 'search: suspended and common', path: users('status=suspended&name=an') },
  { name: 'audit log, first page', path: audit('') },
  { name: 'audit log, by an action', path: audit('action=member.added') },
  { name: 'audit log, by a prefix', path: audit('action=member.') },
  { name: 'audit log, by an action never seen', path: audit('action=never.seen') },
  {
    name: 'audit log, by an actor',
    path: (organization, number) => audit(`actor_user_id=${userOf(organization, number)}`)(organization),
  },
  {
    name: 'audit log, by the text of an actor',
    path: (organization, number) => audit(`actor=${userOf(organization, number)}`)(organization),
  },
  {
    name: 'audit log, by subject and action',
    path: (organization, number) =>
      audit(`subject=${userOf(organization, number)}&action=role.`)(organization),
  },
  {
    name: 'audit log, by a request',
    path: organization => audit(`request_id=request-${organization.id}-77`)(organization),
  },
  {
    name: 'audit log, of an hour',
    path: organization => {
      const since = new Date(Date.now() - 30 * 86_400_000);
      const until = new Date(since.getTime() + 3_600_000);
      return audit(`since=${since.toISOString()}&until=${until.toISOString()}`)(organization);
    },
  },
  {
    name: 'activity of a user',
    path: (organization, number) => `/api/v1/users/${userOf(organization, number)}/activity?limit=20`,
  },
];
