import { forgetSession, readAccess } from '@rivergate/caller';
import type { Call } from '@rivergate/endpoint';
import { testEnvironment } from '@rivergate/testing';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessOwners } from './owners.ts';

let environment: Awaited<ReturnType<typeof testEnvironment>>;
let redis: Redis;
beforeAll(async () => {
  environment = await testEnvironment();
  redis = new Redis(environment.redisUrl);
  await redis.ping();
});
afterAll(async () => {
  redis?.disconnect();
  await environment?.remove();
});

const session = (mustEnrol: boolean) => ({
  active: true,
  user_id: 7,
  is_system_admin: false,
  must_enrol: mustEnrol,
  device_trusted: true,
});

describe('what an owner is asked', () => {
  it('is asked anew where it has changed while the answer was on its way, which is not kept', async () => {
    const sessionId = 4_242;
    const answers: ((said: ReturnType<typeof session>) => void)[] = [];
    const call = (() => new Promise(resolve => answers.push(resolve))) as unknown as Call;
    const owners = accessOwners(redis, call);
    const known = async () => (await readAccess(redis, { sessionId, members: [] })).session;
    const seen = async () => ((await known()) as { seen: string }).seen;

    const before = [owners.session(sessionId, await seen()), owners.session(sessionId, await seen())];
    expect(answers).toHaveLength(1);
    await forgetSession(redis, sessionId);
    const after = owners.session(sessionId, await seen());
    expect(answers).toHaveLength(2);
    answers[1]!(session(false));
    expect(await after).toMatchObject({ mustEnrol: false });
    answers[0]!(session(true));
    for (const answer of before) expect(await answer).toMatchObject({ mustEnrol: true });
    expect(await known()).toMatchObject({ state: 'active', mustEnrol: false });
  });
});
