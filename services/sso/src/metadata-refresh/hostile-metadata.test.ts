import { once } from 'node:events';
import { organizationDeletionScheduled, organizationRestored } from '@rivergate/events';
import { eventually, publishEvent } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { MetadataHost } from '../testing/metadata-host.ts';
import {
  audited,
  change,
  due,
  fingerprintOf,
  held,
  type RefreshScene,
  type RefreshStage,
  refresh,
  refreshStage,
  shown,
  trusted,
  untilNext,
} from '../testing/refresh-scene.ts';
import { signingKey } from '../testing/saml-keys.ts';
import { ssoTools } from '../tools.ts';
import { refreshMetadata } from './refresh-metadata.ts';

let stage: RefreshStage;
let one: string;
let two: string;
let weak: string;
beforeAll(async () => {
  stage = await refreshStage();
  [one, two] = stage.certificates;
  weak = (await signingKey('weak', { bits: 1_024 })).certificate;
});
afterAll(async () => await stage?.stop());

const fingerprints = (...certificates: string[]) => certificates.map(fingerprintOf).toSorted();
const sending = (text: string) => (host: MetadataHost) => {
  host.answer = (_request, response) => response.writeHead(200).end(text);
};
const BOMB = `<!DOCTYPE a [<!ENTITY a "${'x'.repeat(1_000)}">${Array.from(
  { length: 20 },
  (_, index) => `<!ENTITY a${index} "&a;&a;&a;&a;&a;&a;&a;&a;">`,
).join('')}]>`;

describe('hostile metadata changes nothing, and its failure is shown', () => {
  it.each<[string, string, (host: MetadataHost) => void]>([
    ['10 MB', 'TOO_LARGE', sending('<a/>'.padEnd(10_000_000))],
    [
      '10 MB that nobody announced',
      'TOO_LARGE',
      host => {
        host.answer = async (_request, response) => {
          response.writeHead(200);
          for (let sent = 0; sent < 160 && !response.destroyed; sent++)
            if (!response.write('x'.repeat(65_536)))
              await Promise.race([once(response, 'drain'), once(response, 'close')]);
          response.end();
        };
      },
    ],
    [
      'a redirect to a private address',
      'ADDRESS_NOT_ALLOWED',
      host => {
        host.answer = (_request, response) =>
          response.writeHead(302, { location: 'https://10.0.0.1/metadata' }).end();
      },
    ],
    [
      'a redirect to the metadata of a cloud',
      'ADDRESS_NOT_ALLOWED',
      host => {
        host.answer = (_request, response) =>
          response.writeHead(302, { location: 'http://169.254.169.254/latest' }).end();
      },
    ],
    ['a document type that bursts', 'FORBIDDEN_MARKUP', host => sending(BOMB + host.document())(host)],
    [
      'a document type that reads a file',
      'FORBIDDEN_MARKUP',
      host => sending(`<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>${host.document()}`)(host),
    ],
    [
      'a key that is too short',
      'WEAK_CERTIFICATE',
      host => {
        host.says.certificates = [weak];
      },
    ],
    ['a page to sign in on', 'MALFORMED_METADATA', sending('<html><body>Sign in</body></html>')],
    [
      'what was good until yesterday',
      'EXPIRED_METADATA',
      host => {
        host.says.attributes = ' validUntil="2024-01-01T00:00:00Z"';
      },
    ],
    [
      'an error',
      'INVALID_ANSWER',
      host => {
        host.answer = (_request, response) => response.writeHead(500).end();
      },
    ],
    [
      'a 304 that was not asked for',
      'INVALID_ANSWER',
      host => {
        host.answer = (_request, response) => response.writeHead(304).end();
      },
    ],
  ])('%s: %s', async (_name, code, says) => {
    const scene = await stage.scene();
    const before = await shown(scene);
    says(scene.host);
    await refresh(scene);
    const after = await shown(scene);
    expect(after.metadata.failure?.code).toBe(code);
    expect(after).toEqual({ ...before, metadata: after.metadata });
    expect(await audited(scene, 'metadata_taken')).toEqual([]);
  });

  it('an answer that never ends is given up', async () => {
    const scene = await stage.scene();
    scene.host.answer = (_request, response) => {
      response.writeHead(200).write('<');
      const drip = setInterval(() => response.write(' '), 200);
      response.on('close', () => clearInterval(drip));
    };
    await refresh(scene);
    expect((await shown(scene)).metadata.failure.code).toBe('TIMEOUT');
    expect(await trusted(scene)).toEqual(fingerprints(one));
  });

  it('a short key beside a good one is left out', async () => {
    const scene = await stage.scene();
    scene.host.says.certificates = [one, weak, two];
    await refresh(scene);
    expect(await trusted(scene)).toEqual(fingerprints(one, two));
  });
});

describe('what becomes of a provider while its metadata is on its way', () => {
  const under = async (meanwhile: (scene: RefreshScene) => Promise<unknown>): Promise<RefreshScene> => {
    const scene = await stage.scene();
    scene.host.says.certificates = [one, two];
    const answer = held(scene.host);
    await due(scene);
    await answer.asked;
    await meanwhile(scene);
    answer.release();
    return scene;
  };
  /** That whatever was at it has come to its end: another one has been read since. */
  const afterwards = async () => {
    const other = await stage.scene();
    await refresh(other);
  };

  it('deleted, it stays so', async () => {
    const scene = await under(({ acme, id }) =>
      acme.administrator.delete(`/api/v1/sso/providers/${id}`).expect(200),
    );
    await afterwards();
    expect(await audited(scene, 'metadata_taken')).toEqual([]);
  });

  it.each([
    ['inactive', { status: 'inactive' }],
    ['off', { metadata_refresh: false }],
  ])('%s, it takes nothing', async (_name, body) => {
    const scene = await under(at => change(at, body).then(({ status }) => expect(status).toBe(200)));
    await afterwards();
    expect(await trusted(scene)).toEqual(fingerprints(one));
    expect(await audited(scene, 'metadata_taken')).toEqual([]);
    const asked = scene.host.asked.length;
    await due(scene);
    await afterwards();
    expect(scene.host.asked).toHaveLength(asked);
  });

  it('of an organization that was deleted, it takes nothing, nor is it read again until that is restored', async () => {
    const said = (
      declaration: typeof organizationDeletionScheduled | typeof organizationRestored,
      scene: RefreshScene,
    ) => {
      const ends = { erase_at: new Date().toISOString(), revoked_invitations: 0 };
      const data = { organization_id: scene.acme.id, name: 'Acme', ...ends };
      return publishEvent(scene.service, 'organization', declaration, { subject: scene.acme.id, data });
    };
    const isEnding = ({ service, acme }: RefreshScene, ending: boolean) =>
      eventually(
        async () =>
          (
            await service.sql<{ ending: boolean }>('select ending from sso.organizations where id = ?', [
              acme.id,
            ])
          )[0]?.ending === ending,
        'the organization',
      );
    const scene = await under(async at => {
      await at.service.sql("insert into sso.organizations (id, name) values (?, 'Acme') returning id", [
        at.acme.id,
      ]);
      await said(organizationDeletionScheduled, at);
      await isEnding(at, true);
    });
    await afterwards();
    expect(await trusted(scene)).toEqual(fingerprints(one));
    const asked = scene.host.asked.length;
    await due(scene);
    await afterwards();
    expect(scene.host.asked).toHaveLength(asked);
    await said(organizationRestored, scene);
    await isEnding(scene, false);
    await refresh(scene);
    expect(await trusted(scene)).toEqual(fingerprints(one, two));
  });

  it('renamed, it keeps the name and takes the certificate', async () => {
    const scene = await under(at => change(at, { name: 'Renamed' }));
    await eventually(async () => (await trusted(scene)).length === 2, 'the certificate');
    expect((await shown(scene)).name).toBe('Renamed');
  });

  it('given a certificate by hand, it has that one', async () => {
    const mine = stage.certificates[3];
    const scene = await under(at => change(at, { certificate: mine }));
    await afterwards();
    expect(await trusted(scene)).toEqual(fingerprints(mine));
    expect(await audited(scene, 'metadata_taken')).toEqual([]);
  });
});

describe('several processes', () => {
  const tools = async () => ({ ...stage.service.resources, ...(await ssoTools(stage.service.resources)) });
  /** As a process has it in hand that took it an hour ago and is gone. */
  const claimed = async ({ id, service }: RefreshScene) => {
    await service.sql(
      `update sso.providers set metadata_refresh_at = date_trunc('milliseconds', now() + interval '1 hour')
       where id = ? returning id`,
      [id],
    );
    const [row] = await service.sql('select * from sso.providers where id = ?', [id]);
    return row as never;
  };

  it('that have the same one in hand take it once: one event, one mail', async () => {
    const scene = await stage.scene();
    scene.host.says.certificates = [one, two];
    const row = await claimed(scene);
    const given = await tools();
    const outcomes = await Promise.all(Array.from({ length: 10 }, () => refreshMetadata.work(given, row)));
    expect(outcomes.filter(outcome => outcome === 'read')).toHaveLength(1);
    expect(outcomes.filter(outcome => outcome === 'overtaken')).toHaveLength(9);
    expect(await audited(scene, 'metadata_taken')).toHaveLength(1);
    await scene.service.mail.nth(scene.mailbox, 1);
    expect(scene.service.mail.to(scene.mailbox)).toHaveLength(1);
  });

  it('do not take one twice, and take it again where one has vanished with it', async () => {
    const scene = await stage.scene();
    await scene.service.sql('update sso.providers set status = ? where id = ? returning id', [
      'inactive',
      scene.id,
    ]);
    const row = await claimed(scene);
    const given = await tools();
    await scene.service.sql('update sso.providers set status = ? where id = ? returning id', [
      'active',
      scene.id,
    ]);
    const claims = await Promise.all(Array.from({ length: 10 }, () => refreshMetadata.claim(given, 5)));
    expect(claims.flat().filter(({ id }) => id === scene.id)).toEqual([]);
    scene.host.says.certificates = [one, two];
    // The claim runs out.
    await refresh(scene);
    expect(await trusted(scene)).toEqual(fingerprints(one, two));
    expect(await refreshMetadata.work(given, row)).toBe('overtaken');
    expect(await untilNext(scene)).toBeGreaterThan(300);
  });
});
