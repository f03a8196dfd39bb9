import { userRemoved } from '@rivergate/events';
import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  type OrganizationUnderTest,
  publishEvent,
  startOrganizationUnderTest,
  verify,
} from '../testing/organization-under-test.ts';
import { takeBackAbandoned } from './provisional-administrators.ts';

let service: OrganizationUnderTest;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
});
afterAll(async () => await service?.stop());
beforeEach(() => {
  service.identity.asked = 0;
});

const PATH = '/api/v1/organizations';
let count = 0;
const newcomer = (more: object = {}) => ({
  name: `Newcomer ${++count}`,
  admin_email: `root${count}@newcomer.example`,
  admin_password: 'Correct-Horse-1',
  ...more,
});
const create = (body: object, headers = {}) => service.nobody.post(PATH, body, { headers });
const outcomes = (answers: { status: number; body: { error?: { code: string } } }[]) =>
  answers.map(({ status, body }) => body.error?.code ?? status).sort();
const provisional = () =>
  service.sql<{ user_id: number | null; email: string }>(
    'select user_id::int, email from organization.provisional_administrators where email is not null',
  );
const createdBy = (userId: number) =>
  service.sql('select id from organization.organizations where created_by = ?', [userId]);
const held = async (asked: number) => await eventually(async () => service.identity.asked === asked);

describe('an organization with a new administrator', () => {
  it('holds no connection while identity is slow', async () => {
    const ada = await service.person('Ada');
    const goOn = service.identity.holdBack();
    const creating = Array.from({ length: 15 }, () => create(newcomer()));
    try {
      await held(15);
      expect((await service.stranger(ada).get(PATH)).status).toBe(200);
    } finally {
      goOn();
    }
    expect(outcomes(await Promise.all(creating))).toEqual(Array(15).fill(201));
  });

  it('is made once for one address, however many ask at once', async () => {
    const { admin_email } = newcomer();
    const answers = await Promise.all(Array.from({ length: 10 }, () => create(newcomer({ admin_email }))));
    expect(outcomes(answers)).toEqual([201, ...Array(9).fill('EMAIL_TAKEN')]);
    expect(service.identity.asked).toBe(1);
    expect(outcomes([await create(newcomer({ admin_email }))])).toEqual(['EMAIL_TAKEN']);
    expect(service.identity.asked).toBe(1);
  });

  it('is made once for one key, and answers all who ask with it the same', async () => {
    const body = newcomer();
    const key = { 'idempotency-key': 'ten at once' };
    const answers = await Promise.all(Array.from({ length: 10 }, () => create(body, key)));
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
    expect(answers[0]!.status).toBe(201);
    expect(await createdBy(answers[0]!.body.data.user.id)).toHaveLength(1);
    expect(service.identity.accounts.has(answers[0]!.body.data.user.id)).toBe(true);
  });

  it('takes the account back that a request with a used key has made', async () => {
    const key = { 'idempotency-key': 'two bodies' };
    expect((await create(newcomer(), key)).status).toBe(201);
    const other = newcomer();
    expect(outcomes([await create(other, key)])).toEqual(['IDEMPOTENCY_CONFLICT']);
    expect([...service.identity.accounts.values()].map(({ email }) => email)).not.toContain(
      other.admin_email,
    );
    expect(await provisional()).toEqual([]);
  });

  it('leaves nothing behind when identity is down, and works once it is back', async () => {
    service.identity.refusesToCreate = true;
    const body = newcomer();
    expect(outcomes([await create(body)])).toEqual(['UPSTREAM_UNAVAILABLE']);
    expect(await provisional()).toEqual([]);
    service.identity.refusesToCreate = false;
    expect((await create(body)).status).toBe(201);
  });

  it('takes the account of who comes second for a name back later when identity cannot do it now', async () => {
    const goOn = service.identity.holdBack();
    service.identity.refusesToWithdraw = true;
    const creating = [1, 2].map(() => create(newcomer({ name: 'Wanted by two' })));
    await held(2);
    goOn();
    expect(outcomes(await Promise.all(creating))).toEqual([201, 'ORGANIZATION_ALREADY_EXISTS']);
    const [left] = await provisional();
    expect(service.identity.accounts.has(left!.user_id!)).toBe(true);

    service.identity.refusesToWithdraw = false;
    await age();
    // The breaker lets nobody through for a second after it opened.
    await eventually(async () => {
      await takeBackAbandoned.run(service.resources);
      return true;
    });
    expect(service.identity.withdrawn).toContain(left!.user_id);
    expect(await provisional()).toEqual([]);
  });

  it('takes back what a crash has left, before and after identity answered, and nothing that is kept', async () => {
    const { body } = await create(newcomer());
    const userId = 5_000_000;
    service.identity.accounts.set(userId, { email: 'crashed@newcomer.example', display_name: 'Crashed' });
    await service.sql(
      "insert into organization.provisional_administrators (email, user_id) values ('asked@newcomer.example', null), ('crashed@newcomer.example', ?)",
      [userId],
    );
    await takeBackAbandoned.run(service.resources);
    expect(await provisional()).toHaveLength(2);
    await age();
    await takeBackAbandoned.run(service.resources);
    expect(await provisional()).toEqual([]);
    expect(service.identity.withdrawn).toContain(userId);
    expect(service.identity.withdrawn).not.toContain(body.data.user.id);
  });

  it('is not made with an account that is being taken back, as when its request took too long', async () => {
    const database = service.resources.knex;
    const goOn = service.identity.holdBack();
    const userId = service.identity.nextUserId();
    const creating = create(newcomer());
    await held(1);
    await database('provisional_administrators').insert({ user_id: userId, taken_back: true });
    goOn();
    expect(outcomes([await creating])).toEqual(['EMAIL_TAKEN']);
    expect(await createdBy(userId)).toEqual([]);
    expect(service.identity.accounts.has(userId)).toBe(false);
  });

  it('is not left without its administrator, whenever identity removes the account', async () => {
    for (let round = 0; round < 5; round++) {
      const userId = service.identity.nextUserId();
      const [answer] = await Promise.all([
        create(newcomer({ invitations: [{ email: `guest${round}@newcomer.example` }] })),
        publishEvent(service, userRemoved, { user_id: userId, reason: 'replaced_by_signup' }),
      ]);
      expect([201, 409]).toContain(answer.status);
      await eventually(async () => {
        const [handled] = await service.sql(
          "select count(*)::int as handled from organization.inbox where consumer = 'unverified-administrators'",
        );
        return handled!.handled! > round;
      });
      expect(await createdBy(userId)).toEqual([]);
    }
  });

  it('stays when the verification comes at the same time as a request to take it back', async () => {
    const { data } = (await create(newcomer())).body;
    const root = { userId: data.user.id, email: data.user.email, name: 'Root' };
    await verify(service, root);
    await eventually(async () => {
      const [person] = await service.sql<{ verified: boolean }>(
        "select verified_emails <> '{}' as verified from organization.people where user_id = ?",
        [root.userId],
      );
      return person!.verified;
    });
    await publishEvent(service, userRemoved, { user_id: root.userId, reason: 'never_verified' });
    await eventually(async () => {
      const rows = await service.sql(
        'select 1 from organization.provisional_administrators where user_id = ? and taken_back',
        [root.userId],
      );
      return rows.length > 0;
    });
    // Beside it there may be the personal organization by now, which the verification brings.
    expect(await createdBy(root.userId)).toContainEqual({ id: data.organization.id });
  });
});

const age = () =>
  service.sql("update organization.provisional_administrators set created_at = now() - interval '1 hour'");
