import { RATE_LIMITS } from '@rivergate/caller';
import { type NameServer, startNameServer } from '@rivergate/outbound/testing/name-server';
import { PNG, type TestAnswer, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from '../fleet.ts';
import { fill, type Operation, operationsOf } from '../operation.ts';
import { rowsOf, visibleRows } from './rows.ts';
import { NEVER, populate, strangersTo, type Tenant } from './tenant.ts';

const unlimited = Object.fromEntries(
  Object.keys(RATE_LIMITS).map(name => [`RATE_LIMIT_${name.toUpperCase()}`, 'off']),
);

let fleet: AcceptanceFleet;
let names: NameServer;
let own: Tenant;
let other: Tenant;
let strangers: Awaited<ReturnType<typeof strangersTo>>;
let all: Operation[];
/** Those whose path names an object of an organization or of a person, by an identifier that is no secret. */
let naming: Operation[];
beforeAll(async () => {
  names = await startNameServer();
  // What webhooks and audit logs are sent to is on this machine.
  fleet = await startFleet({
    host: 'localhost',
    env: { ...unlimited, OUTBOUND_ALLOW: '127.0.0.1', OUTBOUND_DNS: names.address },
  });
  [own, other] = await Promise.all([populate(fleet, names), populate(fleet, names)]);
  strangers = await strangersTo(fleet, own);
  all = await operationsOf(fleet);
  naming = all.filter(
    ({ path, caller }) =>
      path.includes('{') &&
      !path.includes('{invitation_token}') &&
      !DESCRIBING.test(path) &&
      !['public', 'token'].includes(caller),
  );
});
afterAll(async () => {
  await fleet?.stop();
  await names?.stop();
});

/** What SCIM says of itself is the same to everybody. */
const DESCRIBING = /^\/scim\/v2\/(?:Schemas|ResourceTypes)\//;

/** What a parameter names, by the longest of these ends that the path has before it. */
const BY_PATH: Record<string, string> = {
  '/organizations/{deleted_org_id}': 'organizations/restored',
  '/organizations/{joinable_org_id}': 'organizations/joinable',
  '/users/{user_id}': 'members',
  '/{organization_id}': 'organizations',
};

/** The kind of the object that each parameter of the path names. */
function kindsOf({ path }: Operation): Record<string, string> {
  return Object.fromEntries(
    [...path.matchAll(/\{(\w+)\}/g)].map(({ 1: name, index }) => {
      const until = `${path.slice(0, index)}{${name}}`;
      const special = Object.keys(BY_PATH).find(end => until.endsWith(end));
      const [container, collection] = path
        .slice(0, index - 1)
        .split('/')
        .slice(-2);
      const longer = `${container}/${collection}`;
      const kind = special ? BY_PATH[special]! : longer in own.objects ? longer : collection!;
      return [name!, kind];
    }),
  );
}

function valuesOf(operation: Operation, { objects }: Tenant): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(kindsOf(operation)).map(([name, kind]) => {
      const value = objects[kind];
      if (value === undefined)
        throw new Error(`${operation.name} names one of "${kind}": put one into populate() of tenant.ts`);
      return [name, value];
    }),
  );
}

/** Objects that nobody has, in the form of those that somebody has. */
const absent = (tenant: Tenant): Tenant => ({
  ...tenant,
  objects: Object.fromEntries(
    Object.entries(tenant.objects).map(([kind, value]) => [
      kind,
      typeof value === 'number'
        ? 2_000_000_000
        : value.replace(/\d+/, digits => '7'.repeat(Math.max(digits.length, 4))),
    ]),
  ),
});

/** Values by the name of a field: objects of the tenant, and what no schema says. */
const known = ({ marker, objects, roleId }: Tenant): Record<string, unknown> => ({
  role_id: objects.roles,
  role_ids: [objects.roles],
  default_role_id: roleId('Viewer'),
  workspace_id: objects.workspaces,
  workspace_ids: [objects.workspaces],
  user_id: objects.members,
  user_ids: [objects.members],
  duplicate_user_id: objects.members,
  client_id: objects.register,
  url: 'http://127.0.0.1:61999/v1/logs',
  accent_color: '#0b7a75',
  confirm_name: `Org ${marker}`,
  domain: 'company.test',
  invitations: [
    { email: `invited@${marker}.example.com`, workspace_id: objects.workspaces, role_id: roleId('Viewer') },
  ],
  permission: 'policy.write',
  permissions: ['policy.write'],
  scopes: ['read'],
  grant_types: ['authorization_code'],
  redirect_uris: ['https://app.example.com/callback'],
  event_types: NEVER,
  notification_type: 'mfa_setup',
  action: 'generate_migration_report',
  vendor: 'okta',
});

/** The value with that of each field which is known by its name. */
function filled(value: unknown, values: Record<string, unknown>): unknown {
  if (Array.isArray(value)) return value.map(item => filled(item, values));
  if (value === null || typeof value !== 'object') return value;
  const fields = Object.entries(value);
  return Object.fromEntries(fields.map(([name, field]) => [name, values[name] ?? filled(field, values)]));
}

const CORE = 'urn:ietf:params:scim:schemas:core:2.0';

/** Bodies of SCIM, of which the document says no more than that they are documents. */
const SCIM_BODIES: Partial<Record<Operation['method'], (path: string, tenant: Tenant) => object>> = {
  put: (path, { marker }) =>
    path.includes('/Groups')
      ? { schemas: [`${CORE}:Group`], displayName: `Put ${marker}` }
      : { schemas: [`${CORE}:User`], userName: `put@${marker}.test` },
  patch: () => ({ schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'], Operations: [] }),
};

/** The document's own example, about objects of the tenant. */
const bodyOf = ({ path, method, caller, content }: Operation, tenant: Tenant) => {
  if (caller === 'scim') return SCIM_BODIES[method]?.(path, tenant);
  const values = known(tenant);
  // Keeps the name, by which its deletion is confirmed.
  if (path.endsWith('/organizations/{org_id}')) values.name = values.confirm_name;
  const example = content?.['application/json']?.example;
  return filled(example, values) as object | undefined;
};

const queryOf = ({ parameters }: Operation, tenant: Tenant): string => {
  const required = parameters.filter(parameter => parameter.in === 'query' && parameter.required);
  const pairs = required.map(({ name }): [string, string] => [name, String(known(tenant)[name])]);
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`;
};

const PICTURE = { raw: new Uint8Array(PNG), headers: { 'content-type': 'image/png' } };

/** @param named whose objects the path names; `given`, whose the body does */
const attempt = (by: TestCaller, operation: Operation, named: Tenant, given = named): Promise<TestAnswer> => {
  const path = fill(operation.path, valuesOf(operation, named)) + queryOf(operation, named);
  if (operation.method === 'get') return by.get(path);
  const sent = operation.content?.['image/png'] ? PICTURE : undefined;
  return by[operation.method](path, sent ? undefined : bodyOf(operation, given), sent);
};

const refusal = ({ status, body }: TestAnswer) =>
  [status, body?.error?.code ?? body?.error, body?.error?.message ?? body?.detail].join(' ');

/** What a person is refused of SCIM says nothing of the objects: there, the client of the tenant asks. */
const asIn =
  ({ administrator, provisioner }: Tenant) =>
  ({ caller }: Operation): TestCaller =>
    caller === 'scim' ? provisioner : administrator;

/** Tries all of these, sees that nothing of the tenant is told or changed, and says each that was not as it must be. */
async function tryAll(
  operations: Operation[],
  by: TestCaller | ((operation: Operation) => TestCaller),
  isRefused: (answer: TestAnswer, operation: Operation) => boolean | Promise<boolean>,
  given = own,
): Promise<void> {
  expect(operations.length).toBeGreaterThan(20);
  const before = await rowsOf(fleet, own);
  const wrong: string[] = [];
  for (const operation of operations) {
    const answer = await attempt(typeof by === 'function' ? by(operation) : by, operation, own, given);
    const told = answer.text?.includes(own.marker);
    if (told || !(await isRefused(answer, operation)))
      wrong.push(`${operation.name}: ${answer.status} ${answer.text?.slice(0, 200)}`);
  }
  expect(wrong).toEqual([]);
  expect(await rowsOf(fleet, own)).toEqual(before);
}

/** Where an OAuth client manages itself, whoever shows none of its credentials is not signed in. */
const withStatus =
  (...statuses: number[]) =>
  ({ status }: TestAnswer, { caller }: Operation) =>
    (caller === 'client' || caller === 'scim' ? [401] : statuses).includes(status);

/** What every member may do who comes to it. */
const FOR_EVERY_MEMBER = /^(?:POST .*\/(?:switch|leave|tokens)|GET .*\{(?:org_id|role_id)\}.*)$/;
const notForEveryMember = ({ name, caller }: Operation) => caller !== 'user' || !FOR_EVERY_MEMBER.test(name);

/** Carried out, or refused for the state that the object is in. */
const isThrough = ({ status, body }: TestAnswer) =>
  status < 400 || status === 409 || /_EXISTS$/.test(body?.error?.code);

/** Objects in the order in which they can be ended one after the other; what is not named here comes in between. */
const ENDED_FIRST = ['assignments', 'permissions', 'invitations', 'consents'];
const ENDED_LAST = [
  'webhooks',
  'providers',
  'sessions',
  'members',
  'users',
  'roles',
  'workspaces',
  'organizations',
];
const damage = (operation: Operation): number => {
  if (operation.method !== 'delete') return /(leave|switch|accept|decline)$/.test(operation.path) ? 100 : 0;
  const kind = Object.values(kindsOf(operation)).at(-1)!;
  return ENDED_FIRST.includes(kind) ? -1 : 1 + ENDED_LAST.indexOf(kind);
};

describe('an object of an organization or of a person', () => {
  it('is there: whoever it belongs to reads it', async () => {
    const wrong: string[] = [];
    for (const operation of naming.filter(
      ({ method, path }) => method === 'get' && !path.endsWith('/events'),
    )) {
      const answers: TestAnswer[] = [];
      for (const by of [own.administrator, own.holder, own.registrant, own.provisioner])
        answers.push(await attempt(by, operation, own));
      if (!answers.some(({ status }) => status === 200))
        wrong.push(`${operation.name}: ${answers.map(refusal)}`);
    }
    expect(wrong).toEqual([]);
  });

  it('is for nobody who is not signed in', async () => {
    await tryAll(naming, fleet.caller(), withStatus(401));
  });

  it('is to an administrator of another organization as if it did not exist', async () => {
    await tryAll(
      naming,
      asIn(other),
      async (answer, operation) => {
        const nowhere = await attempt(asIn(other)(operation), operation, absent(own), other);
        return answer.status >= 400 && refusal(answer) === refusal(nowhere);
      },
      other,
    );
  });

  it('is for no member who lacks the permission', async () => {
    await tryAll(naming.filter(notForEveryMember), strangers.plain, withStatus(403, 404));
  });

  it('is for no member whose permissions are for another workspace', async () => {
    await tryAll(naming.filter(notForEveryMember), strangers.elsewhere, withStatus(403, 404));
  });

  it('is for no administrator who is suspended', async () => {
    await tryAll(naming, strangers.suspended, withStatus(403, 404));
  });

  it('cannot be brought into another organization by what a body names', async () => {
    const before = await rowsOf(fleet, own);
    const wrong: string[] = [];
    for (const operation of all.filter(({ body, caller }) => body && caller !== 'public')) {
      const [mine, given] = [bodyOf(operation, other), bodyOf(operation, own)];
      if (JSON.stringify(mine) === JSON.stringify(given)) continue;
      const answer = await attempt(other.administrator, operation, other, own);
      // What is worked at later refuses each item by itself.
      if ((answer.status < 400 && answer.status !== 202) || answer.text?.includes(own.marker))
        wrong.push(
          `${operation.name} ${JSON.stringify(given)}: ${answer.status} ${answer.text?.slice(0, 200)}`,
        );
    }
    expect(wrong).toEqual([]);
    expect(await rowsOf(fleet, own)).toEqual(before);
  });

  it('is in no list of another organization, whatever the query names', async () => {
    const wrong: string[] = [];
    for (const operation of all.filter(({ method, path }) => method === 'get' && !path.includes('{'))) {
      const named = operation.parameters.flatMap(({ name, in: where }): [string, string][] => {
        const kind = /^(\w+)_id$/.exec(name)?.[1];
        const value = kind && own.objects[kind === 'org' ? 'organizations' : `${kind}s`];
        return where === 'query' && value !== undefined ? [[name, String(value)]] : [];
      });
      for (const query of ['', `?${new URLSearchParams(named)}`]) {
        const answer = await other.administrator.get(operation.path + query);
        if (answer.text?.includes(own.marker))
          wrong.push(`${operation.name}${query}: ${answer.text.slice(0, 300)}`);
      }
    }
    expect(wrong).toEqual([]);
  });

  it('is seen by no service that is bound to another organization, or to none', async () => {
    const there = Object.entries(await visibleRows(fleet, own, { scope: 'platform' }));
    expect(there.length).toBeGreaterThan(12);
    // A table without rows would prove nothing: populate() of tenant.ts fills it. Services without endpoints have but the
    // one in which they would log, and erasures begin days after a deletion.
    const empty = there.filter(([table, count]) => count === 0 && !/\.(audit_log|deletion\w*)$/.test(table));
    expect(empty).toEqual([]);
    for (const binding of [{ organization: other.id }, {}]) {
      const seen = Object.entries(await visibleRows(fleet, own, binding));
      expect(seen.filter(([, count]) => count > 0)).toEqual([]);
    }
  });

  it("is in no dry run of another organization's policies", async () => {
    const body = {
      policy: { name: 'All', priority: 1, effect: 'deny', mode: 'enforce', condition: { all: [] } },
    };
    const path = '/api/v1/sso/abac-policies/dry-run';
    const { dry_run } = (await other.administrator.post(path, body)).body.data;
    expect(JSON.stringify(dry_run)).not.toContain(own.marker);
    const people = dry_run.changed.map(({ user_id }: { user_id: number }) => user_id);
    expect(people).not.toContain(own.objects.members);
    const named = await other.administrator.post(path, { policy_id: own.objects['abac-policies'] });
    expect(named.status).toBe(404);
  });

  it('was named by requests that are good: whoever it belongs to gets through with each', async () => {
    const ended = new Set<string>();
    const wrong: string[] = [];
    const changes = naming.filter(({ method }) => method !== 'get');
    for (const operation of changes.toSorted((one, another) => damage(one) - damage(another))) {
      const kind = Object.values(kindsOf(operation)).at(-1)!;
      const answers: TestAnswer[] = [];
      for (const by of [own.holder, own.administrator, own.registrant, own.provisioner]) {
        answers.push(await attempt(by, operation, own));
        if (isThrough(answers.at(-1)!)) break;
      }
      const through = isThrough(answers.at(-1)!);
      if (!through && !ended.has(kind)) wrong.push(`${operation.name}: ${answers.map(refusal)}`);
      if (through && operation.method === 'delete') ended.add(kind);
    }
    expect(wrong).toEqual([]);
  });
});
