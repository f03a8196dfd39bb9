import type { CloudEvent, EventLog, Subscribe, Subscription } from '@rivergate/events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';
import { followAccess } from './access-consumer.ts';

let fleet: TestFleet;

beforeAll(async () => {
  fleet = await startTestFleet([testRoute('GET', '/api/v1/things')]);
});

afterAll(() => fleet.stop());

describe('the gateway`s consumer', () => {
  it('repairs what a service could not project', async () => {
    let subscribed: Subscribe | undefined;
    const eventLog: Pick<EventLog, 'subscribe'> = {
      async subscribe(subscribe) {
        subscribed = subscribe;
        return { stop: async () => {} } as Subscription;
      },
    };
    const stop = await followAccess(eventLog, fleet.redis);
    expect(subscribed?.topics).toContain('rivergate.identity.session');

    const user = await fleet.signIn();
    expect((await fleet.get('/api/v1/things', user.headers)).status).toBe(200);
    const data = { session_id: user.sessionId, user_id: user.userId, reason: 'logout' };
    await subscribed?.handle(
      { type: 'identity.session.revoked', data } as unknown as CloudEvent,
      {} as never,
    );
    expect((await fleet.get('/api/v1/things', user.headers)).status).toBe(401);

    const member = await fleet.signIn();
    for (let request = 0; request < 3; request++)
      expect((await fleet.get('/api/v1/things', member.headers)).status).toBe(200);
    fleet.policies.set(member.organizationId!, { ip_allow_list: ['198.51.100.0/24'] });
    await subscribed?.handle(
      {
        type: 'organization.organization.settings_changed',
        organizationid: String(member.organizationId),
      } as unknown as CloudEvent,
      {} as never,
    );
    expect((await fleet.get('/api/v1/things', member.headers)).status).toBe(403);
    const bound = await fleet.signIn();
    for (let request = 0; request < 3; request++)
      expect((await fleet.get('/api/v1/things', bound.headers)).status).toBe(200);
    const condition = { all: [] };
    const policy = {
      id: 1,
      revision: 1,
      name: 'Nobody',
      effect: 'deny',
      mode: 'enforce',
      condition,
    } as const;
    fleet.attributePolicies.set(bound.organizationId!, [policy]);
    expect(subscribed?.topics).toContain('rivergate.sso.abac_policy');
    await subscribed?.handle(
      {
        type: 'sso.abac_policy.created',
        organizationid: String(bound.organizationId),
      } as unknown as CloudEvent,
      {} as never,
    );
    expect((await fleet.get('/api/v1/things', bound.headers)).status).toBe(403);
    await stop();
  });
});
