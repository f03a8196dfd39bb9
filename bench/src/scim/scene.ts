import { join } from 'node:path';
import {
  administrator,
  credentialCaller,
  freePort,
  httpCaller,
  signedIn,
  startMailCatcher,
  type TestCaller,
  testEnvironment,
} from '@rivergate/testing';
import pg from 'pg';
import { type Running, startProcess } from '../gateway/process.ts';

const SERVICES = ['identity', 'organization', 'sso'] as const;
export const DOMAIN = 'bench.test';
const ADMINISTRATOR = 1;

export interface Scene {
  /** The address of the gateway. */
  url: string;
  token: string;
  /** By SCIM, through the gateway. */
  client: TestCaller;
  organizationId: number;
  /** As a superuser. */
  database: pg.Client;
  stop(): Promise<void>;
}

/** The gateway and the services that provisioning takes, each a process of its own, and an organization with a domain. */
export async function startScene(): Promise<Scene> {
  const environment = await testEnvironment();
  const mail = await startMailCatcher();
  const ports = Object.fromEntries(
    await Promise.all([...SERVICES, 'gateway'].map(async name => [name, await freePort()] as const)),
  );
  const addresses = Object.fromEntries(
    SERVICES.map(name => [`${name.toUpperCase()}_URL`, `http://127.0.0.1:${ports[name]}`]),
  );
  const started: Running[] = [];
  const start = async (name: string, folder: string) => {
    const env = {
      ...environment.of(name),
      ...addresses,
      NODE_ENV: 'production',
      LOG_LEVEL: 'error',
      SMTP_URL: mail.smtpUrl,
      PUBLIC_URL: `http://127.0.0.1:${ports.gateway}`,
      RATE_LIMIT_SCIM: 'off',
      RATE_LIMIT_STANDARD: 'off',
      RATE_LIMIT_LOGIN: 'off',
      RATE_LIMIT_LOGIN_ADDRESS: 'off',
      PORT: String(ports[name]),
    };
    const running = await startProcess(
      join(import.meta.dirname, '../../..', folder, 'src/main.ts'),
      [],
      env,
      null,
    );
    started.push(running);
    return running;
  };
  const [, organization, sso] = await Promise.all(SERVICES.map(name => start(name, `services/${name}`)));
  const gateway = await start('gateway', 'gateway');
  const database = new pg.Client(environment.databaseAdminUrl);
  await database.connect();

  const as = (service: string, url: string, principal: Parameters<typeof credentialCaller>[3]) =>
    credentialCaller(environment.of('gateway'), url, service, principal);
  const founder = as('organization', organization!.url, signedIn({ userId: ADMINISTRATOR }));
  await credentialCaller(environment.of('identity'), organization!.url, 'organization', {
    ...signedIn({ userId: ADMINISTRATOR }),
    kind: 'service',
    service: 'identity',
    userId: null,
    sessionId: null,
  })
    .put(`/internal/users/${ADMINISTRATOR}/personal-organization`, {
      email: 'ada@example.com',
      display_name: 'Ada',
    })
    .expect(200);
  const made = await founder.post('/api/v1/organizations', { name: 'Bench' }).expect(201);
  const organizationId: number = made.body.data.organization.id;
  await database.query("update organization.organizations set plan = 'enterprise' where id = $1", [
    organizationId,
  ]);
  await database.query(
    `insert into organization.domains (organization_id, domain, challenge, verified_at, next_check_at)
     values ($1, $2, 'bench', now(), now() + interval '1 day')`,
    [organizationId, DOMAIN],
  );
  const admin = as('sso', sso!.url, administrator({ userId: ADMINISTRATOR, organizationId }));
  await admin.put('/api/v1/sso/scim', { enabled: true, brake_percent: null }).expect(200);
  const issued = await admin.post('/api/v1/sso/scim/token', {}).expect(201);
  const { token } = issued.body.data;
  return {
    url: gateway.url,
    token,
    client: httpCaller(gateway.url, () => ({ authorization: `Bearer ${token}` })),
    organizationId,
    database,
    async stop() {
      await database.end();
      for (const running of started.reverse()) await running.stop();
      await mail.stop();
      await environment.remove();
    },
  };
}
