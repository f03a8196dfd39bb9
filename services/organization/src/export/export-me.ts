import { stream, UpstreamUnavailable } from '@rivergate/endpoint';
import { userExported } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { Archive, archive } from './archive.ts';
import { attachment } from './export-user.ts';

const MESSAGE = 'Account exported successfully';

export const exportMe = endpoint(
  {
    operation: 'exportMe',
    method: 'get',
    path: '/auth/me/export',
    summary: 'Everything that the fleet holds on the caller, in every organization, as JSON',
    description:
      'No secret and no hash of one is in it. It is made while it is sent; where a service does not answer there is none, ' +
      'and where one breaks off the connection is closed early.',
    caller: 'user',
    boundSessions: true,
    session: true,
    // A session that was stolen some time ago does not take everything along.
    fresh: true,
    writes: true,
    answer: z.object(Archive.shape),
    streams: { 'application/json': 'text' },
    message: MESSAGE,
    errors: [UpstreamUnavailable],
  },
  async ({ caller: { userId }, emit, call }) => {
    const data = { user_id: userId, organization_id: null };
    await emit(userExported, { aggregateId: userId, organizationId: null, data });
    const exported = { userId, organizationId: null, inFull: true };
    return stream('application/json', () => archive(call, exported, MESSAGE), {
      headers: attachment('account.json'),
    });
  },
);
