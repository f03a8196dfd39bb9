import { X509Certificate } from 'node:crypto';
import { acrossOrganizations } from '@rivergate/endpoint';
import { wakeAfterCommit } from '@rivergate/service';
import { eventually, type TestAnswer } from '@rivergate/testing';
import { refreshMetadata } from '../metadata-refresh/refresh-metadata.ts';
import { administratorOf } from './administrators.ts';
import { type MetadataHost, startMetadataHost } from './metadata-host.ts';
import { signingKey } from './saml-keys.ts';
import { type SsoUnderTest, startSsoUnderTest, type Tenant } from './sso-under-test.ts';

const PATH = '/api/v1/sso/providers';

export const fingerprintOf = (pem: string) =>
  new X509Certificate(pem).fingerprint256.replaceAll(':', '').toLowerCase();

/** A SAML provider of an organization, set up by the metadata of a host that each test has for itself. */
export interface RefreshScene {
  service: SsoUnderTest;
  host: MetadataHost;
  acme: Tenant;
  id: number;
  /** Addresses of the administrators who get mails. */
  mailbox: string;
}

export interface RefreshStage {
  service: SsoUnderTest;
  /** PEM: four that are in order. */
  certificates: [string, string, string, string];
  scene(more?: object): Promise<RefreshScene>;
  stop(): Promise<void>;
}

export async function refreshStage(): Promise<RefreshStage> {
  const [service, ...keys] = await Promise.all([
    startSsoUnderTest(),
    signingKey('one'),
    signingKey('two'),
    signingKey('three'),
    signingKey('four'),
  ]);
  const certificates = keys.map(({ certificate }) => certificate) as RefreshStage['certificates'];
  const hosts: MetadataHost[] = [];
  return {
    service,
    certificates,
    async scene(more = {}) {
      const host = await startMetadataHost([certificates[0]]);
      hosts.push(host);
      const acme = await service.tenant();
      const mailbox = await administratorOf(service, acme);
      const body = { provider_type: 'saml', name: 'Corporate', metadata_url: host.url, ...more };
      const made = await acme.administrator.post(PATH, body);
      if (made.status !== 201) throw new Error(made.text);
      return { service, host, acme, mailbox, id: made.body.data.provider.id };
    },
    async stop() {
      for (const host of hosts) await host.stop();
      await service.stop();
    },
  };
}

export const shown = async ({ acme, id }: RefreshScene) =>
  (await acme.administrator.get(`${PATH}/${id}`).expect(200)).body.data.provider;

export const trusted = async (scene: RefreshScene): Promise<string[]> =>
  (await shown(scene)).certificates.map(({ fingerprint }: { fingerprint: string }) => fingerprint).toSorted();

export const change = ({ acme, id }: RefreshScene, body: object): Promise<TestAnswer> =>
  acme.administrator.put(`${PATH}/${id}`, body);

export const audited = async ({ service, acme }: RefreshScene, event: string) =>
  (
    await service.sql<{ metadata: Record<string, unknown> }>(
      'select metadata from sso.audit_log where action = ? and organization_id = ? order by id',
      [`sso.provider.${event}`, acme.id],
    )
  ).map(({ metadata }) => metadata);

/** Makes its metadata due. */
export async function due({ service, id }: RefreshScene): Promise<void> {
  await service.resources.knex.transaction(async db => {
    await acrossOrganizations(db);
    await db('providers')
      .where({ id })
      .update({ metadata_refresh_at: db.raw("now() - interval '1 second'") });
    wakeAfterCommit(db, refreshMetadata);
  });
}

/** Seconds until it is read again. */
export async function untilNext({ service, id }: RefreshScene): Promise<number> {
  const [row] = await service.sql<{ seconds: number }>(
    'select cast(extract(epoch from metadata_refresh_at - now()) as int) as seconds from sso.providers where id = ?',
    [id],
  );
  return row!.seconds;
}

/** Has its metadata read, and what came of it noted. */
export async function refresh(scene: RefreshScene): Promise<void> {
  await due(scene);
  // The claim of a process is for a minute.
  await eventually(async () => (await untilNext(scene)) > 300, 'the metadata to be read', 30_000);
}

/** Lets these hours pass for what is kept of its metadata. */
export async function pass({ service, id }: RefreshScene, hours: number): Promise<void> {
  const earlier = (value: string) =>
    `to_jsonb(to_char(cast(${value} as timestamptz) at time zone 'UTC' - ${hours} * interval '1 hour', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'))`;
  await service.sql(
    `update sso.providers set
       metadata_told_at = metadata_told_at - ${hours} * interval '1 hour',
       metadata_failure = jsonb_set(metadata_failure, '{since}', ${earlier("metadata_failure ->> 'since'")}),
       certificates = (select jsonb_agg(case when jsonb_exists(c, 'missing_since')
         then jsonb_set(c, '{missing_since}', ${earlier("c ->> 'missing_since'")}) else c end)
         from jsonb_array_elements(certificates) as c)
     where id = ? returning id`,
    [id],
  );
}

/** Holds the next answer of the host until it is let go. */
export function held(host: MetadataHost): { asked: Promise<void>; release(): void } {
  let release = () => {};
  const asked = new Promise<void>(resolve => {
    host.answer = (_request, response) => {
      release = () => response.writeHead(200).end(host.document());
      resolve();
    };
  });
  return {
    asked,
    release() {
      host.answer = null;
      release();
    },
  };
}
