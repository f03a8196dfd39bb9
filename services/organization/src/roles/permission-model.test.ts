import { fellowService, type TestCaller } from '@rivergate/testing';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';
import { expireAssignments } from './expire-assignments.ts';

const CODES = ['user.read', 'policy.read', 'policy.write', 'model.read'];
const PEOPLE = [0, 1];
const ROLES = [0, 1, 2];
/** Organization-wide, or in the one workspace. */
const PLACES = ['everywhere', 'workspace'] as const;
type Place = (typeof PLACES)[number];

const person = fc.constantFrom(...PEOPLE);
const role = fc.constantFrom(...ROLES);
const place = fc.constantFrom(...PLACES);
const permissions = fc.uniqueArray(fc.constantFrom(...CODES), { minLength: 1 });
const step = fc.oneof(
  fc.record({ do: fc.constant('assign' as const), person, role, place, forATime: fc.boolean() }),
  fc.record({ do: fc.constant('withdraw' as const), person, role, place }),
  fc.record({ do: fc.constant('lapse' as const), person, role, place }),
  fc.record({ do: fc.constant('change' as const), role, permissions }),
  fc.record({ do: fc.constant('note' as const) }),
);
type Step = typeof step extends fc.Arbitrary<infer One> ? One : never;

/** Says who holds what in the plainest way there is. */
function reference() {
  const roles = new Map(ROLES.map(one => [one, [CODES[one]!]]));
  const held = new Map<string, { forATime: boolean }>();
  const key = (one: { person: number; role: number; place: Place }) =>
    `${one.person} ${one.role} ${one.place}`;
  return {
    apply(taken: Step) {
      if (taken.do === 'assign') held.set(key(taken), taken);
      if (taken.do === 'withdraw') held.delete(key(taken));
      if (taken.do === 'lapse' && held.get(key(taken))?.forATime) held.delete(key(taken));
      if (taken.do === 'change') roles.set(taken.role, taken.permissions);
    },
    holds: (who: number, where: Place) =>
      CODES.filter(code =>
        ROLES.some(
          one => held.has(key({ person: who, role: one, place: where })) && roles.get(one)!.includes(code),
        ),
      ).sort(),
  };
}

let service: OrganizationUnderTest;
let ada: Person;
let count = 0;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  ada = await service.person('Ada');
});
afterAll(() => service?.stop());

/** The same steps at the service. */
async function real() {
  const acme: Founded = await service.found(ada, `Acme ${++count}`);
  const admin: TestCaller = await service.member(ada, acme.id);
  const create = async (name: string, held: string[]) =>
    (await admin.post('/api/v1/roles', { name, permissions: held })).body.data.role.id as number;
  const none = await create('None', ['workspace.create']);
  const people = await Promise.all(PEOPLE.map(() => service.person('Somebody')));
  for (const one of people) await service.join(acme, one, none);
  const ids = await Promise.all(ROLES.map(one => create(`Role ${one}`, [CODES[one]!])));
  const assigned = async (taken: { person: number; role: number; place: Place }) => {
    const { users } = (await admin.get(`/api/v1/roles/${ids[taken.role]}/users`)).body.data;
    const workspace = taken.place === 'workspace' ? acme.workspaceId : null;
    return users.find(
      (user: { user_id: number; workspace_id: number | null }) =>
        user.user_id === people[taken.person]!.userId && user.workspace_id === workspace,
    ) as { id: number; expires_at: string | null } | undefined;
  };
  return {
    async apply(taken: Step) {
      if (taken.do === 'assign')
        await admin.post(`/api/v1/roles/${ids[taken.role]}/assignments`, {
          user_id: people[taken.person]!.userId,
          ...(taken.place === 'workspace' ? { workspace_id: acme.workspaceId } : {}),
          expires_at: taken.forATime ? new Date(Date.now() + 3_600_000).toISOString() : null,
        });
      if (taken.do === 'change')
        await admin.put(`/api/v1/roles/${ids[taken.role]}`, { permissions: taken.permissions });
      if (taken.do === 'note') await expireAssignments.run(service.resources);
      if (taken.do !== 'withdraw' && taken.do !== 'lapse') return;
      const found = await assigned(taken);
      if (!found) return;
      if (taken.do === 'withdraw')
        await admin.delete(`/api/v1/roles/${ids[taken.role]}/assignments/${found.id}`);
      else if (found.expires_at !== null)
        await service.sql(
          'update organization.role_assignments set expires_at = now() where id = ? returning id',
          [found.id],
        );
    },
    async holds(who: number, where: Place) {
      const path = `/internal/organizations/${acme.id}/principals/${people[who]!.userId}`;
      const { data } = (await service.as(fellowService('gateway')).get(path)).body;
      const grants: string[][] =
        where === 'everywhere'
          ? [data.permissions]
          : data.workspaces
              .filter((grant: { workspace_ids: number[] }) => grant.workspace_ids.includes(acme.workspaceId))
              .map((grant: { permissions: string[] }) => grant.permissions);
      return grants
        .flat()
        .filter(code => CODES.includes(code))
        .sort();
    },
  };
}

it('whatever is assigned, withdrawn, lapsed and changed, what is held is what the reference says', async () => {
  const steps = fc.array(step, { minLength: 5, maxLength: 15 });
  await fc.assert(
    fc.asyncProperty(steps, async sequence => {
      const [expected, service] = [reference(), await real()];
      for (const taken of sequence) {
        expected.apply(taken);
        await service.apply(taken);
      }
      for (const who of PEOPLE)
        for (const where of PLACES)
          expect(await service.holds(who, where)).toEqual(expected.holds(who, where));
    }),
    { numRuns: 15 },
  );
});
