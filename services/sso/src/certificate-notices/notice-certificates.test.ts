import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  audited,
  change,
  fingerprintOf,
  type RefreshScene,
  type RefreshStage,
  refreshStage,
} from '../testing/refresh-scene.ts';
import { ssoTools } from '../tools.ts';
import { noticeCertificates } from './notice-certificates.ts';

let stage: RefreshStage;
let one: string;
let two: string;
beforeAll(async () => {
  stage = await refreshStage();
  [one, two] = stage.certificates;
});
afterAll(async () => await stage?.stop());

const run = async () => {
  const { resources } = stage.service;
  await noticeCertificates.run({ ...resources, ...(await ssoTools(resources)) });
};
/** Lets a certificate of it expire in these days. */
const expires = async ({ service, id }: RefreshScene, days: number, certificate = one) => {
  const at = new Date(Date.now() + days * 86_400_000).toISOString();
  await service.sql(
    `update sso.providers set certificates = (select jsonb_agg(case when c ->> 'fingerprint' = ?
       then jsonb_set(c, '{expires_at}', to_jsonb(cast(? as text))) else c end) from jsonb_array_elements(certificates) as c)
     where id = ? returning id`,
    [fingerprintOf(certificate), at, id],
  );
};
const notices = async (scene: RefreshScene) =>
  (await audited(scene, 'certificate_expiring')).map(({ days_left }) => days_left);
const mail = (scene: RefreshScene, nth: number) => scene.service.mail.nth(scene.mailbox, nth);

describe('administrators are told of a certificate', () => {
  it('30, 7 and 1 days before it expires and when it has, once each, whoever runs it', async () => {
    const scene = await stage.scene();
    await expires(scene, 31);
    await run();
    expect(await notices(scene)).toEqual([]);
    const seen: number[] = [];
    for (const [days, left] of [
      [29.5, 30],
      [20, null],
      [6.5, 7],
      [0.5, 1],
      [-1, 0],
      [-100, null],
    ] as const) {
      await expires(scene, days);
      await Promise.all([run(), run(), run()]);
      await run();
      if (left !== null) seen.push(left);
      expect(await notices(scene)).toEqual(seen);
    }
    const [first, , , last] = [await mail(scene, 1), null, null, await mail(scene, 4)];
    expect(first.subject).toMatch(/^The certificate of Corporate expires on \d{4}-\d\d-\d\d$/);
    for (const part of [fingerprintOf(one), 'docs/sso.md', 'metadata']) expect(first.text).toContain(part);
    expect(last.subject).toBe('The certificate of Corporate has expired');
    expect(scene.service.mail.to(scene.mailbox)).toHaveLength(4);
    const [entry] = await audited(scene, 'certificate_expiring');
    expect(entry).toMatchObject({
      provider_id: scene.id,
      fingerprint: fingerprintOf(one),
      name: 'Corporate',
    });
  });

  it('one time where several days have come at once', async () => {
    const scene = await stage.scene();
    await expires(scene, 0.5);
    await run();
    expect(await notices(scene)).toEqual([1]);
    await mail(scene, 1);
    expect(scene.service.mail.to(scene.mailbox)).toHaveLength(1);
  });

  it('by hand where the metadata is not read by itself', async () => {
    const scene = await stage.scene({ metadata_refresh: false });
    await expires(scene, 5);
    await run();
    expect((await mail(scene, 1)).text).toContain('PUT /api/v1/sso/providers/');
  });

  it('not where another one lasts longer, until that one ends too', async () => {
    const scene = await stage.scene();
    await change(scene, { certificate: `${one}${two}` }).then(({ status }) => expect(status).toBe(200));
    await expires(scene, 5);
    await run();
    expect(await notices(scene)).toEqual([]);
    await expires(scene, 6.5, two);
    await run();
    expect(await audited(scene, 'certificate_expiring')).toMatchObject([
      { fingerprint: fingerprintOf(two), days_left: 7 },
    ]);
  });

  it('not of a provider that is inactive, or of an organization that was deleted', async () => {
    const [inactive, deleted] = [await stage.scene(), await stage.scene()];
    await change(inactive, { status: 'inactive' });
    await stage.service.sql(
      "insert into sso.organizations (id, name, ending) values (?, 'Acme', true) returning id",
      [deleted.acme.id],
    );
    for (const scene of [inactive, deleted]) await expires(scene, 5);
    await run();
    for (const scene of [inactive, deleted]) expect(await notices(scene)).toEqual([]);
  });

  it('and nobody of another organization', async () => {
    const [scene, other] = [await stage.scene(), await stage.scene()];
    await expires(scene, 5);
    await run();
    await mail(scene, 1);
    expect(other.service.mail.to(other.mailbox)).toEqual([]);
    expect(await notices(other)).toEqual([]);
  });
});
