import { Id, organizationList, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { type MemberColumns, MemberOfRow, showMember, withMember } from '../accounts/member-of-row.ts';
import { endpoint } from '../endpoint.ts';
import { Impersonator } from './impersonator.ts';
import { sessionsIn, shownToAdministrators } from './session-store.ts';

const MemberSession = z
  .object({
    id: Id,
    ip_address: z.string().nullable(),
    user_agent: z.string().nullable(),
    authentication_methods: z.array(z.string()).meta({ description: 'RFC 8176', examples: [['pwd']] }),
    created_at: Timestamp,
    last_activity_at: Timestamp,
    expires_at: Timestamp,
    impersonator: Impersonator,
    user: MemberOfRow,
  })
  .meta({ id: 'MemberSession' });

const sessions = organizationList('sessions', MemberSession, {
  user_id: Id.optional().meta({ description: 'Sessions of this member only' }),
});

type Row = Omit<z.output<typeof MemberSession>, 'user'> & MemberColumns;

export const listMemberSessions = endpoint(
  {
    operation: 'listMemberSessions',
    method: 'get',
    path: '/organizations/:org_id/sessions',
    summary: 'Active sessions of members, the last used first',
    description: 'Those in which this organization is the active one: what members do elsewhere is not told.',
    caller: 'admin',
    params: z.object({ org_id: Id }),
    query: sessions.query,
    answer: sessions.answer,
  },
  ({ params, query, db }) => {
    const found = sessionsIn(db, params.org_id);
    if (query.user_id !== undefined) found.where({ 'sessions.user_id': query.user_id });
    return sessions.page(found, query, {
      read: some =>
        withMember(some, 'sessions')
          .select(shownToAdministrators(db))
          .orderBy([
            { column: 'sessions.last_activity_at', order: 'desc' },
            { column: 'sessions.id', order: 'desc' },
          ]),
      show: (row: Row) => showMember(row),
    });
  },
);
