import { randomBytes } from 'node:crypto';
import { RATE_LIMITS } from '@rivergate/caller';
import { type NameServer, startNameServer } from '@rivergate/outbound/testing/name-server';
import type { TestAnswer, TestCaller } from '@rivergate/testing';
import { type AcceptanceFleet, startFleet } from '../fleet.ts';
import { data, foundOrganization, type Person, proveDomain, signUp } from '../person.ts';

export const P = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
export const USER = 'urn:ietf:params:scim:schemas:core:2.0:User';
export const GROUP = 'urn:ietf:params:scim:schemas:core:2.0:Group';
export const EU = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';

/** An organization that is provisioned, and the client that does so. */
export interface Provisioned {
  administrator: Person;
  organization: Awaited<ReturnType<typeof foundOrganization>>;
  token: string;
  client: TestCaller;
  /** Of the addresses whose accounts the organization manages. */
  domain: string;
  /** An address there that nobody has. */
  address(name?: string): string;
  user(name?: string, more?: object): Promise<ScimUser>;
  group(displayName?: string, members?: readonly ScimUser[]): Promise<{ id: string; displayName: string }>;
  patch(path: string, ...operations: object[]): Promise<TestAnswer>;
}

export interface ScimUser {
  id: string;
  userName: string;
  active: boolean;
  meta: { version: string; location: string; lastModified: string };
}

/** A fleet in which organizations are provisioned, without limits but those that are given. */
export async function startProvisionedFleet(env: NodeJS.ProcessEnv = {}) {
  const unlimited = Object.fromEntries(
    Object.keys(RATE_LIMITS).map(name => [`RATE_LIMIT_${name.toUpperCase()}`, 'off']),
  );
  const names = await startNameServer();
  const fleet = await startFleet({ env: { ...unlimited, OUTBOUND_DNS: names.address, ...env } });
  return {
    fleet,
    provisioned: (settings?: object) => provisioned(fleet, names, settings),
    async stop() {
      await fleet.stop();
      await names.stop();
    },
  };
}

export type ProvisionedFleet = Awaited<ReturnType<typeof startProvisionedFleet>>;

/** Answers of SCIM stand without an envelope. */
export function scim(answer: TestAnswer, status = 200) {
  if (answer.status !== status)
    throw new Error(`Expected ${status}, was answered ${answer.status}: ${answer.text}`);
  return answer.body;
}

async function provisioned(
  fleet: AcceptanceFleet,
  names: NameServer,
  settings: object = {},
): Promise<Provisioned> {
  let administrator = await signUp(fleet, 'ada');
  const organization = await foundOrganization(administrator);
  administrator = administrator.with(data(await administrator.post(`${organization.path}/switch`, {})));
  const domain = `m${randomBytes(6).toString('hex')}.test`;
  await proveDomain(administrator, organization.path, domain, names);
  data(await administrator.put('/api/v1/sso/scim', { enabled: true, brake_percent: null, ...settings }));
  const { token } = data(await administrator.post('/api/v1/sso/scim/token', {}), 201);
  const client = fleet.caller(token);
  const address = (name = 'person') => `${name}.${randomBytes(6).toString('hex')}@${domain}`;
  return {
    administrator,
    organization,
    token,
    client,
    domain,
    address,
    user: async (name, more = {}) =>
      scim(await client.post('/scim/v2/Users', { schemas: [USER], userName: address(name), ...more }), 201),
    group: async (displayName = `Group ${randomBytes(6).toString('hex')}`, members = []) =>
      scim(
        await client.post('/scim/v2/Groups', {
          schemas: [GROUP],
          displayName,
          members: members.map(({ id }) => ({ value: id })),
        }),
        201,
      ),
    patch: async (path, ...operations) => await client.patch(path, { schemas: [P], Operations: operations }),
  };
}
