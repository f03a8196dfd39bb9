import { Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { deviceName } from '../trusted-devices/device-name.ts';
import { Impersonator } from './impersonator.ts';
import { activeSessions } from './session-store.ts';

const Session = z
  .object({
    id: Id,
    user_id: Id,
    ip_address: z.string().nullable(),
    user_agent: z.string().nullable(),
    device_name: z.string().meta({ examples: ['Chrome on Windows'] }),
    created_at: Timestamp,
    last_activity_at: Timestamp,
    expires_at: Timestamp,
    revoked_at: Timestamp.nullable(),
    is_current: z.boolean(),
    impersonator: Impersonator,
  })
  .meta({ id: 'Session' });

export const listSessions = endpoint(
  {
    operation: 'listSessions',
    method: 'get',
    path: '/sessions',
    summary: 'Active sessions of the caller',
    caller: 'user',
    answer: z.object({ sessions: z.array(Session), total_count: z.int(), active_count: z.int() }),
  },
  async ({ caller, db }) => {
    const active = await activeSessions(db, caller.userId, caller.sessionId);
    const sessions = active.map(session => ({
      ...session,
      device_name: deviceName(session.user_agent),
      is_current: session.id === caller.sessionId,
    }));
    return { sessions, total_count: sessions.length, active_count: sessions.length };
  },
);
