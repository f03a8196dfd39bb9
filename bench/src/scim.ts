import { httpCaller, type TestAnswer } from '@rivergate/testing';
import { DOMAIN, type Scene, startScene } from './scim/scene.ts';

const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
const P = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const PASSWORD = 'Correct1horse';

const CREATED = 600;
/** Requests at the same time. */
const CONCURRENCY = 16;
const USERS = 100_000;
const MEMBERS = 10_000;
const SYNCED = 10_000;
const PAGE = 100;
const PATCHES = 40;
const LOOKUPS = 1_000;
const DEACTIVATIONS = 10;

/**
 * What an identity provider waits for: how many users are made a second, a PATCH of a large group, a user found by name among
 * many, all users read once; and how long who was deactivated is still let in. Through the gateway, on the machine as it is.
 */
export async function benchScim({ print = console.log } = {}): Promise<void> {
  const scene = await startScene();
  try {
    const creates = await createRate(scene);
    const last = await timeToRefusal(scene);
    await fill(scene);
    const groupId = await largeGroup(scene);
    const [whole, without] = [
      await patchTimes(scene, groupId, ''),
      await patchTimes(scene, groupId, '?excludedAttributes=members'),
    ];
    const lookups = await lookupTimes(scene);
    const synced = await syncSeconds(scene);
    print('SCIM through the gateway');
    print(`  users created              ${creates.toFixed(0).padStart(8)} a second`);
    print(`  PATCH of ${MEMBERS} members      ${percentiles(whole)}`);
    print(`  … members left out         ${percentiles(without)}`);
    print(`  userName eq of ${USERS}     ${percentiles(lookups)}`);
    print(`  reading ${SYNCED} users       ${synced.toFixed(1).padStart(8)} s`);
    print(`  active false to 401        ${percentiles(last)}`);
  } finally {
    await scene.stop();
  }
}

const percentiles = (times: readonly number[]): string => {
  const sorted = times.toSorted((left, right) => left - right);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  return `p50 ${at(0.5).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms`;
};

async function timed(work: () => Promise<TestAnswer>, status: number): Promise<number> {
  const began = performance.now();
  const answer = await work();
  const took = performance.now() - began;
  if (answer.status !== status) throw new Error(answer.text);
  return took;
}

async function createRate({ client }: Scene): Promise<number> {
  let next = 0;
  const one = async () => {
    for (let index = next++; index < CREATED; index = next++)
      await timed(
        () =>
          client.post('/scim/v2/Users', {
            schemas: [USER],
            userName: `made-${index}@${DOMAIN}`,
            externalId: `made-${index}`,
            name: { givenName: 'Made', familyName: String(index) },
            active: true,
          }),
        201,
      );
  };
  const began = performance.now();
  await Promise.all(Array.from({ length: CONCURRENCY }, one));
  return CREATED / ((performance.now() - began) / 1_000);
}

async function timeToRefusal({ client, url }: Scene): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < DEACTIVATIONS; index++) {
    const email = `left-${index}@${DOMAIN}`;
    const made = await client
      .post('/scim/v2/Users', { schemas: [USER], userName: email, password: PASSWORD })
      .expect(201);
    const login = await httpCaller(url).post('/api/v1/auth/login', { email, password: PASSWORD }).expect(200);
    const { access_token } = login.body.data;
    const person = httpCaller(url, () => ({ authorization: `Bearer ${access_token}` }));
    await person.get('/api/v1/auth/me').expect(200);
    const body = { schemas: [P], Operations: [{ op: 'replace', path: 'active', value: false }] };
    const began = performance.now();
    const changed = client.patch(`/scim/v2/Users/${made.body.id}`, body);
    while ((await person.get('/api/v1/auth/me')).status !== 401);
    times.push(performance.now() - began);
    await changed.expect(200);
  }
  return times;
}

/** Members as events would have made them; making each by SCIM is what the first figure is about. */
async function fill({ database, organizationId }: Scene): Promise<void> {
  await database.query(
    `insert into sso.scim_users (organization_id, user_id, status, said_at, user_name, external_id, document, written_at)
     select $1, 1000000 + i, 'active', now(), 'user-' || i || '@${DOMAIN}', 'e-' || i,
       jsonb_build_object('displayName', 'User ' || i, 'emails', jsonb_build_array(
         jsonb_build_object('value', 'user-' || i || '@${DOMAIN}', 'type', 'work', 'primary', true))), now()
     from generate_series(1, ${USERS}) as i`,
    [organizationId],
  );
  await database.query('analyze sso.scim_users');
}

async function largeGroup({ client, database, organizationId }: Scene): Promise<string> {
  const made = await client
    .post('/scim/v2/Groups', {
      schemas: ['urn:ietf:params:scim:schemas:core:2.0:Group'],
      displayName: 'Everybody',
    })
    .expect(201);
  await database.query(
    `insert into sso.scim_group_members (organization_id, group_id, user_id)
     select $1, $2, 1000000 + i from generate_series(1, ${MEMBERS}) as i`,
    [organizationId, made.body.id],
  );
  await database.query('analyze sso.scim_group_members');
  return made.body.id;
}

async function patchTimes({ client }: Scene, groupId: string, query: string): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < PATCHES; index++) {
    const value = [{ value: String(1_000_000 + MEMBERS + 1) }];
    const Operations = [{ op: index % 2 === 0 ? 'add' : 'remove', path: 'members', value }];
    times.push(
      await timed(
        () => client.patch(`/scim/v2/Groups/${groupId}${query}`, { schemas: [P], Operations }),
        200,
      ),
    );
  }
  return times;
}

async function lookupTimes({ client }: Scene): Promise<number[]> {
  const times: number[] = [];
  for (let index = 0; index < LOOKUPS; index++) {
    const filter = `userName eq "USER-${1 + ((index * 7919) % USERS)}@${DOMAIN}"`;
    times.push(await timed(() => client.get(`/scim/v2/Users?filter=${encodeURIComponent(filter)}`), 200));
  }
  return times;
}

async function syncSeconds({ client }: Scene): Promise<number> {
  const began = performance.now();
  for (let startIndex = 1; startIndex < SYNCED; startIndex += PAGE)
    await timed(() => client.get(`/scim/v2/Users?startIndex=${startIndex}&count=${PAGE}`), 200);
  return (performance.now() - began) / 1_000;
}
