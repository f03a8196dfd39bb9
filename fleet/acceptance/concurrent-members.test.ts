import type { TestAnswer, TestRequest } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, join, type Person, signUp, uniqueEmail } from './person.ts';

const SEATS = 45;
/** Milliseconds: changes of one organization take turns, and a machine may be busy. */
const PATIENCE = 180_000;

let fleet: AcceptanceFleet;
let owner: Person;
let organization: Awaited<ReturnType<typeof foundOrganization>>;

beforeAll(async () => {
  fleet = await startFleet({
    env: {
      RATE_LIMIT_STANDARD: 'off',
      RATE_LIMIT_PREMIUM: 'off',
      RATE_LIMIT_ADMIN: 'off',
      RATE_LIMIT_INVITATION_SENDER: 'off',
      PLAN_SEATS_ENTERPRISE: String(SEATS),
    },
  });
});
afterAll(() => fleet?.stop());

interface Entry {
  action: string;
  metadata: { user_id?: number; invitation_id?: number; is_admin?: boolean };
  request_id: string;
  chain: { sequence: number };
}

/** What the audit log says of the members, oldest first. */
async function history(): Promise<Entry[]> {
  const text = (await owner.get(`${organization.path}/audit-logs?format=ndjson`)).text;
  return text
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line) as Entry)
    .toSorted((one, other) => one.chain.sequence - other.chain.sequence);
}

/** A request and the events of which it makes exactly one of each where it is answered as done, and none where it is not. */
type Change = { send: () => TestRequest; makes: string[]; may?: true };

const invite = (by: Person, email: string, role = 'Viewer'): Change => ({
  send: () =>
    by.post(`${organization.path}/members/invite`, {
      email,
      workspace_id: organization.workspaceId,
      role_id: organization.roleId(role),
    }),
  makes: ['organization.invitation.sent'],
});
const accept = (by: Person, token: string): Change => ({
  send: () => by.post(`/api/v1/invitations/${token}/accept`),
  makes: ['organization.invitation.accepted', 'organization.member.added'],
});
const change = (by: Person, who: Person, role: string): Change => ({
  send: () => by.patch(`${organization.path}/members/${who.id}`, { role_id: organization.roleId(role) }),
  makes: ['organization.member.changed'],
  // The role that somebody has already is given again without a change.
  may: true,
});
const remove = (by: Person, who: Person): Change => ({
  send: () => by.delete(`${organization.path}/members/${who.id}`),
  makes: ['organization.member.removed'],
});
const leave = (by: Person): Change => ({
  send: () => by.post(`${organization.path}/leave`, {}),
  makes: ['organization.member.removed'],
});

/** Asks again where the service had no connection to its database in time: then nothing was changed. */
async function answered(send: () => TestRequest): Promise<TestAnswer> {
  for (;;) {
    const answer = await send();
    if (answer.status !== 503) return answer;
  }
}

const people = (count: number, name: string) =>
  Promise.all(Array.from({ length: count }, () => signUp(fleet, name)));

/** In an order of its own: neighbours are of different kinds and about the same people. */
const mixed = <Item>(items: Item[]) =>
  items.map((item, index) => ({ item, at: (index * 37) % 101 })).toSorted((a, b) => a.at - b.at);

describe('a hundred changes of the members of one organization at once', () => {
  it(
    'end in one state, of which each change that was answered as done is one event',
    async () => {
      owner = await signUp(fleet, 'owner');
      organization = await foundOrganization(owner);
      const [admins, members, guests] = [
        await people(4, 'admin'),
        await people(10, 'member'),
        await people(8, 'guest'),
      ];
      for (const admin of admins) await join(owner, admin, organization, 'Admin');
      for (const member of members) await join(owner, member, organization, 'Developer');
      const tokens: string[] = [];
      for (const guest of guests)
        tokens.push(data(await invite(owner, guest.email).send(), 201).invitation.token);
      const before = await history();

      const anybody = (index: number) => admins[index % admins.length]!;
      const invited = Array.from({ length: 12 }, () => uniqueEmail('invited'));
      const changes = mixed([
        // Twelve addresses, twice each by different people.
        ...[...invited, ...invited].map((email, index) =>
          invite(anybody(index + (index >= 12 ? 1 : 0)), email),
        ),
        // Eight guests, three times each.
        ...[0, 1, 2].flatMap(() => guests.map((guest, index) => accept(guest, tokens[index]!))),
        // Each member in three directions.
        ...['Viewer', 'Developer', 'Admin'].flatMap((role, index) =>
          members.map((member, place) => change(anybody(place + index), member, role)),
        ),
        ...members
          .slice(0, 5)
          .flatMap((member, index) => [remove(anybody(index), member), remove(anybody(index + 1), member)]),
        ...members.slice(4, 7).map(leave),
        // The administrators go too: by each other, by themselves, and demoted by each other.
        ...admins.map((admin, index) => remove(anybody(index + 1), admin)),
        ...admins.map((admin, index) => change(anybody(index + 2), admin, 'Viewer')),
        leave(owner),
      ]);
      expect(changes).toHaveLength(100);
      const answers = await Promise.all(
        changes.map(async ({ item: { send, makes, may } }) => ({ answer: await answered(send), makes, may })),
      );

      for (const { answer } of answers) expect(answer.status, answer.text).toBeLessThan(500);
      // Of administrators who take each other's rights one is left.
      const [left] = await administratorsLeft([owner, ...admins, ...members]);
      expect(left).toBeDefined();
      owner = left!;
      const all = await history();
      expect(all.slice(0, before.length)).toEqual(before);
      const events = all.slice(before.length);
      for (const { answer, makes, may } of answers) expectEvents(events, answer, makes, may);
      const done = answers.filter(({ answer }) => answer.status < 300);
      expect(done.length).toBeGreaterThan(0);
      const known = new Set(done.map(({ answer }) => answer.headers.get('x-request-id')));
      for (const { request_id } of events) expect(known).toContain(request_id);

      await expectState(all);
    },
    PATIENCE,
  );

  it(
    'take no more seats than there are, and no address twice',
    async () => {
      owner = await signUp(fleet, 'owner');
      organization = await foundOrganization(owner);
      const emails = Array.from({ length: SEATS + 5 }, () => uniqueEmail('seat'));
      const answers = await Promise.all(
        [...emails, ...emails].map(email => answered(invite(owner, email).send)),
      );
      const statuses = answers.map(({ status, text }) =>
        status === 201 ? status : `${status} ${JSON.parse(text).error.code}`,
      );
      expect(statuses.filter(status => status === 201)).toHaveLength(SEATS - 1);
      const others = new Set(statuses.filter(status => status !== 201));
      expect([...others].toSorted()).toEqual(['403 PLAN_LIMIT_EXCEEDED', '409 INVITATION_ALREADY_EXISTS']);
      await expectState(await history());
    },
    PATIENCE,
  );
});

/** Who of them is still an administrator, asked as they themselves. */
async function administratorsLeft(candidates: Person[]): Promise<Person[]> {
  const asked = await Promise.all(
    candidates.map(async person => ({
      person,
      status: (await person.get(`${organization.path}/usage`)).status,
    })),
  );
  return asked.filter(({ status }) => status === 200).map(({ person }) => person);
}

function expectEvents(events: Entry[], answer: TestAnswer, makes: string[], may?: true): void {
  const own = events.filter(({ request_id }) => request_id === answer.headers.get('x-request-id'));
  const done = answer.status < 300;
  if (!done) expect(own, `${answer.status} ${answer.text}`).toEqual([]);
  for (const type of makes) {
    const count = own.filter(({ action }) => `organization.${action}` === type).length;
    if (done && may) expect(count, type).toBeLessThanOrEqual(1);
    else expect(count, `${type}: ${answer.status}`).toBe(done ? 1 : 0);
  }
}

/** Members, administrators, invitations and counts are what the events make of them, one after the other. */
async function expectState(all: Entry[]): Promise<void> {
  const members = new Map<number, boolean>();
  const pending = new Set<number>();
  for (const { action, metadata } of all) {
    const { user_id: userId, invitation_id: invitationId } = metadata;
    if (action === 'member.added') {
      expect(members.has(userId!), `${userId} was added twice`).toBe(false);
      members.set(userId!, metadata.is_admin!);
    }
    if (action === 'member.changed') {
      expect(members.has(userId!), `${userId} was changed and is no member`).toBe(true);
      members.set(userId!, metadata.is_admin!);
    }
    if (action === 'member.removed') expect(members.delete(userId!)).toBe(true);
    if (action === 'invitation.sent') pending.add(invitationId!);
    if (action === 'invitation.accepted' || action === 'invitation.revoked')
      expect(pending.delete(invitationId!)).toBe(true);
    if (members.size > 0) expect([...members.values()], 'an administrator at each moment').toContain(true);
  }
  const listed = data(await owner.get(`${organization.path}/members`));
  const found = listed.members.map((member: { user_id: number; is_admin: boolean }) => [
    member.user_id,
    member.is_admin,
  ]);
  const inOrder = (rows: [number, boolean][]) => rows.toSorted(([one], [other]) => one - other);
  expect(inOrder(found)).toEqual(inOrder([...members]));
  expect(listed.total_count).toBe(members.size);

  const waiting = data(await owner.get(`${organization.path}/invitations?status=pending`));
  expect(new Set(waiting.invitations.map(({ id }: { id: number }) => id))).toEqual(pending);
  const { usage } = data(await owner.get(`${organization.path}/usage`));
  const used = Object.fromEntries(
    usage.map((figure: { resource: string; used: number }) => [figure.resource, figure.used]),
  );
  expect(used).toMatchObject({
    seats: members.size + pending.size,
    members: members.size,
    pending_invitations: pending.size,
  });
}
