import { fillSession } from '@rivergate/caller';
import { Redis } from 'ioredis';

/** What identity would say of a session, for longer than the measurement takes. */
export async function keepSession(
  redisUrl: string,
  session: { userId: number; sessionId: number },
): Promise<void> {
  const redis = new Redis(redisUrl);
  await fillSession(redis, '', { ...session, active: true, isSystemAdmin: false, mustEnrol: false });
  await redis.persist(`access:{session:${session.sessionId}}`);
  redis.disconnect();
}
