import { createHash, randomBytes } from 'node:crypto';
import { domainVerified } from '@rivergate/events';
import { connectDatabase } from '@rivergate/service';
import {
  administrator,
  eventually,
  nobody,
  publishEvent,
  type ServiceUnderTest,
  startServiceUnderTest,
  type TestAnswer,
  type TestCaller,
} from '@rivergate/testing';
import {
  type IdentityProviderOptions,
  type IdentityProviderUnderTest,
  SECRET,
  startIdentityProvider,
} from '@rivergate/testing/identity-provider';
import { sso } from '../service.ts';
import { type FleetStandIn, fleetStandIn } from './fleet-stand-in.ts';

const PUBLIC_URL = 'http://rivergate.test';

/** An organization with an administrator and a domain that it has verified. */
export interface Tenant {
  id: number;
  domain: string;
  administrator: TestCaller;
}

/** What a browser keeps while it is elsewhere. */
export interface BrowserUnderTest {
  verifier: string;
  state: string;
  /** The query by which a login is begun. */
  query: string;
}

export interface SsoUnderTest extends ServiceUnderTest {
  fleet: FleetStandIn;
  anonymous: TestCaller;
  tenant(): Promise<Tenant>;
  verify(tenant: Tenant, domain: string): Promise<void>;
  oidcProvider(tenant: Tenant, at: IdentityProviderUnderTest, more?: object): Promise<number>;
  /** SQL as a superuser, whom row-level security does not bind. */
  sql<Row = Record<string, unknown>>(query: string, values?: (string | number)[]): Promise<Row[]>;
}

/** The client that is registered for every provider of the tests. */
export const CLIENT = {
  client_id: 'rivergate',
  client_secret: SECRET,
  token_endpoint_auth_method: 'client_secret_post',
} as const;

/** An OpenID provider that sends browsers to any of the first providers of the platform. */
export const startOpenidProvider = (
  more: Partial<IdentityProviderOptions> = {},
): Promise<IdentityProviderUnderTest> =>
  startIdentityProvider({
    clients: [
      {
        ...CLIENT,
        redirect_uris: Array.from({ length: 60 }, (_, index) => callbackOf(index + 1)),
      },
    ],
    ...more,
  });

export const callbackOf = (id: number) => `${PUBLIC_URL}/api/v1/sso/providers/${id}/callback`;

export function browser(): BrowserUnderTest {
  const verifier = randomBytes(32).toString('base64url');
  const code_challenge = createHash('sha256').update(verifier).digest('base64url');
  const state = `page.${randomBytes(9).toString('base64url')}`;
  return { verifier, state, query: `${new URLSearchParams({ code_challenge, state })}` };
}

/** Where an answer sends the browser. */
export function leadsTo({ status, headers, text }: TestAnswer): URL {
  const location = headers.get('location');
  if (status !== 303 || !location) throw new Error(`${status} ${text}`);
  return new URL(location);
}

/** What the page is told, which is the only place of this platform where a browser is sent. */
export function told(answer: TestAnswer): Record<string, string> {
  const { origin, pathname, searchParams } = leadsTo(answer);
  if (`${origin}${pathname}` !== `${PUBLIC_URL}/sso`) throw new Error(`Sent to ${origin}${pathname}`);
  return Object.fromEntries(searchParams);
}

export async function startSsoUnderTest(env: NodeJS.ProcessEnv = {}): Promise<SsoUnderTest> {
  const fleet = fleetStandIn();
  const running = await startServiceUnderTest(sso, {
    env: { OUTBOUND_ALLOW: '127.0.0.1', ...env },
    peers: fleet.peers,
  });
  const superuser = connectDatabase(running.environment.databaseAdminUrl, 'test', 2);
  let tenants = 0;
  let domains = 0;
  const service: SsoUnderTest = {
    ...running,
    fleet,
    anonymous: running.as(nobody()),
    async tenant() {
      const id = ++tenants;
      const tenant = {
        id,
        domain: `tenant${id}.example`,
        administrator: running.as(administrator({ userId: 9_000 + id, organizationId: id })),
      };
      await service.verify(tenant, tenant.domain);
      return tenant;
    },
    async verify({ id: organization_id }, domain) {
      const domain_id = ++domains;
      await publishEvent(running, 'organization', domainVerified, {
        subject: domain_id,
        data: { domain_id, organization_id, domain },
      });
      await eventually(
        async () =>
          (await service.sql('select from sso.verified_domains where domain_id = ?', [domain_id])).length > 0,
        'the domain',
      );
    },
    async oidcProvider(tenant, at, more = {}) {
      const { client_id, client_secret } = CLIENT;
      const body = { provider_type: 'oidc', name: 'Corporate', issuer: at.issuer, client_id, client_secret };
      const answer = await tenant.administrator.post('/api/v1/sso/providers', { ...body, ...more });
      if (answer.status !== 201) throw new Error(answer.text);
      return answer.body.data.provider.id;
    },
    async sql(query, values = []) {
      const { rows } = await superuser.raw(query, values);
      return rows;
    },
    async stop() {
      await superuser.destroy();
      await running.stop();
    },
  };
  return service;
}
