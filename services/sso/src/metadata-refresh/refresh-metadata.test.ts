import { eventually, expectError } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  audited,
  change,
  fingerprintOf,
  pass,
  type RefreshScene,
  type RefreshStage,
  refresh,
  refreshStage,
  shown,
  trusted,
  untilNext,
} from '../testing/refresh-scene.ts';

let stage: RefreshStage;
let one: string;
let two: string;
let three: string;
beforeAll(async () => {
  stage = await refreshStage();
  [one, two, three] = stage.certificates;
});
afterAll(async () => await stage?.stop());

const fingerprints = (...certificates: string[]) => certificates.map(fingerprintOf).toSorted();
const mails = ({ service, mailbox }: RefreshScene) => service.mail.to(mailbox);

describe('metadata that is read again', () => {
  it('brings a certificate beside the one that is trusted, with an event and a mail', async () => {
    const scene = await stage.scene();
    expect(await shown(scene)).toMatchObject({ metadata_refresh: true, metadata: { refreshed_at: null } });
    scene.host.says.certificates = [one, two];
    await refresh(scene);
    expect(await trusted(scene)).toEqual(fingerprints(one, two));
    const { metadata, certificates } = await shown(scene);
    expect(metadata).toEqual({
      refreshed_at: expect.stringMatching(/Z$/),
      next_refresh_at: expect.stringMatching(/Z$/),
      failure: null,
      withheld: null,
    });
    expect(certificates[0]).toEqual({
      fingerprint: expect.any(String),
      not_before: expect.stringMatching(/Z$/),
      not_after: expect.stringMatching(/Z$/),
      missing_since: null,
    });
    const [entry] = await audited(scene, 'metadata_taken');
    expect(entry).toMatchObject({
      provider_id: scene.id,
      changes: { certificates: { before: fingerprints(one), after: fingerprints(one, two) } },
    });
    expect(JSON.stringify(entry)).not.toContain('BEGIN CERTIFICATE');
    const mail = await scene.service.mail.nth(scene.mailbox, 1);
    expect(mail.subject).toBe('The metadata of Corporate has changed');
    expect(mail.text).toContain(fingerprintOf(two));
    expect(mail.text).toContain('docs/sso.md');
    await refresh(scene);
    expect(await audited(scene, 'metadata_taken')).toHaveLength(1);
  });

  it('takes a certificate away a day after it has gone, and not one that comes back before', async () => {
    const scene = await stage.scene();
    scene.host.says.certificates = [one, two];
    await refresh(scene);
    scene.host.says.certificates = [two];
    await refresh(scene);
    expect(await trusted(scene)).toEqual(fingerprints(one, two));
    const missing = (await shown(scene)).certificates.find(
      ({ fingerprint }: { fingerprint: string }) => fingerprint === fingerprintOf(one),
    );
    expect(missing.missing_since).toMatch(/Z$/);
    await pass(scene, 23);
    await refresh(scene);
    expect(await trusted(scene)).toEqual(fingerprints(one, two));
    scene.host.says.certificates = [one, two];
    await refresh(scene);
    await pass(scene, 23);
    scene.host.says.certificates = [two];
    await refresh(scene);
    expect(await trusted(scene)).toEqual(fingerprints(one, two));
    await pass(scene, 25);
    await refresh(scene);
    expect(await trusted(scene)).toEqual(fingerprints(two));
    expect((await audited(scene, 'metadata_taken')).at(-1)).toMatchObject({
      changes: { certificates: { before: fingerprints(one, two), after: fingerprints(two) } },
    });
  });

  it('takes a sign-in URL at the same origin', async () => {
    const scene = await stage.scene();
    scene.host.says.ssoUrl = `${scene.host.ssoUrl}/v2`;
    await refresh(scene);
    expect((await shown(scene)).sso_url).toBe(`${scene.host.ssoUrl}/v2`);
    expect(await audited(scene, 'metadata_taken')).toMatchObject([
      { changes: { sso_url: { before: scene.host.ssoUrl, after: `${scene.host.ssoUrl}/v2` } } },
    ]);
  });

  it('takes a URL to sign out at, and that there is none any more', async () => {
    const scene = await stage.scene();
    const sloUrl = `${scene.host.ssoUrl}/logout`;
    scene.host.says.sloUrl = sloUrl;
    await refresh(scene);
    expect(await shown(scene)).toMatchObject({ slo_url: sloUrl, slo_binding: 'redirect' });
    delete scene.host.says.sloUrl;
    await refresh(scene);
    expect((await shown(scene)).slo_url).toBeNull();
    expect(await audited(scene, 'metadata_taken')).toMatchObject([
      { changes: { slo_url: { before: null, after: sloUrl } } },
      { changes: { slo_url: { before: sloUrl, after: null } } },
    ]);
  });

  it.each([
    ['SLO_URL_ELSEWHERE', () => ({ sloUrl: 'https://idp.attacker.test/slo' })],
    ['OTHER_ENTITY', (scene: RefreshScene) => ({ entityId: `${scene.host.entityId}/other` })],
    ['SSO_URL_ELSEWHERE', () => ({ ssoUrl: 'https://idp.attacker.test/sso' })],
    // The same host, and another port: another origin.
    ['SSO_URL_ELSEWHERE', () => ({ ssoUrl: 'http://127.0.0.1:1/sso' })],
    ['NO_SSO_URL', () => ({ ssoUrl: null })],
    ['NO_CERTIFICATE_IN_COMMON', () => ({ certificates: [two] })],
  ])('leaves everything as it was for %s, tells administrators once, and shows it', async (reason, says) => {
    const scene = await stage.scene();
    const before = await shown(scene);
    // What would be taken otherwise is not taken beside it.
    scene.host.says = { certificates: [one, three], ...says(scene) };
    await refresh(scene);
    const after = await shown(scene);
    expect(after).toEqual({
      ...before,
      metadata: {
        ...after.metadata,
        failure: null,
        withheld: expect.objectContaining({ reasons: [reason] }),
      },
    });
    await refresh(scene);
    await pass(scene, 25);
    await refresh(scene);
    expect(await audited(scene, 'metadata_withheld')).toMatchObject([{ reasons: [reason] }]);
    expect(await audited(scene, 'metadata_taken')).toEqual([]);
    const mail = await scene.service.mail.nth(scene.mailbox, 1);
    expect(mail.subject).toBe('The metadata of Corporate has to be looked at');
    expect(mail.text).toContain('metadata_url');
    expect(mails(scene)).toHaveLength(1);
  });

  it('is taken by an administrator who gives the same metadata_url again, and goes on from there', async () => {
    const scene = await stage.scene();
    scene.host.says.certificates = [two];
    await refresh(scene);
    expect((await shown(scene)).metadata.withheld).toMatchObject({
      certificate_fingerprints: fingerprints(two),
    });
    expect((await change(scene, { metadata_url: scene.host.url })).status).toBe(200);
    expect((await shown(scene)).metadata.withheld).toBeNull();
    expect(await trusted(scene)).toEqual(fingerprints(two));
    expect((await audited(scene, 'updated')).at(-1)).toMatchObject({
      changes: { certificates: { before: fingerprints(one), after: fingerprints(two) } },
    });
    scene.host.says.certificates = [two, three];
    await refresh(scene);
    expect(await trusted(scene)).toEqual(fingerprints(two, three));
  });

  it('that flaps is told of once a day at most, and is forgotten once it is as it was', async () => {
    const scene = await stage.scene();
    for (const certificates of [[two], [three], [two], [three]]) {
      scene.host.says.certificates = certificates;
      await refresh(scene);
    }
    expect(await audited(scene, 'metadata_withheld')).toHaveLength(1);
    expect((await shown(scene)).metadata.withheld.certificate_fingerprints).toEqual(fingerprints(three));
    await pass(scene, 25);
    await refresh(scene);
    expect(await audited(scene, 'metadata_withheld')).toHaveLength(2);
    scene.host.says.certificates = [one];
    await refresh(scene);
    expect((await shown(scene)).metadata.withheld).toBeNull();
  });

  it('that cannot be read for a day is told of once, and again only after it has worked', async () => {
    const scene = await stage.scene();
    const gone = (_request: unknown, response: { writeHead(status: number): { end(): void } }) =>
      response.writeHead(404).end();
    scene.host.answer = gone;
    await refresh(scene);
    expect((await shown(scene)).metadata.failure).toEqual({
      code: 'INVALID_ANSWER',
      message: expect.any(String),
      since: expect.stringMatching(/Z$/),
    });
    await pass(scene, 23);
    await refresh(scene);
    expect(await audited(scene, 'metadata_failed')).toEqual([]);
    for (let time = 0; time < 3; time++) {
      await pass(scene, 25);
      await refresh(scene);
    }
    expect(await audited(scene, 'metadata_failed')).toMatchObject([{ reason: 'INVALID_ANSWER' }]);
    const mail = await scene.service.mail.nth(scene.mailbox, 1);
    expect(mail.subject).toBe('The metadata of Corporate cannot be read');
    expect(await trusted(scene)).toEqual(fingerprints(one));
    scene.host.answer = null;
    await refresh(scene);
    expect((await shown(scene)).metadata.failure).toBeNull();
    scene.host.answer = gone;
    await refresh(scene);
    await pass(scene, 25);
    await refresh(scene);
    expect(await audited(scene, 'metadata_failed')).toHaveLength(2);
    expect(mails(scene).length).toBeLessThanOrEqual(2);
  });

  it('is asked for by what is known of it, and not any more once it is no longer valid', async () => {
    const scene = await stage.scene();
    const { host } = scene;
    host.says.attributes = ` validUntil="${new Date(Date.now() + 86_400_000).toISOString()}"`;
    host.answer = (request, response) =>
      request.headers['if-none-match'] === '"v1"'
        ? response.writeHead(304).end()
        : response
            .writeHead(200, { etag: '"v1"', 'last-modified': 'Mon, 01 Jan 2024 00:00:00 GMT' })
            .end(host.document());
    await refresh(scene);
    await refresh(scene);
    expect(host.asked.at(-2)).not.toHaveProperty('if-none-match');
    expect(host.asked.at(-1)).toMatchObject({
      'if-none-match': '"v1"',
      'if-modified-since': 'Mon, 01 Jan 2024 00:00:00 GMT',
    });
    expect((await shown(scene)).metadata.failure).toBeNull();
    await scene.service.sql(
      'update sso.providers set metadata_valid_until = now() where id = ? returning id',
      [scene.id],
    );
    await refresh(scene);
    expect(host.asked.at(-1)).not.toHaveProperty('if-none-match');
  });

  it.each([
    ['', 3_000, 4_000],
    [' cacheDuration="PT1S"', 800, 1_000],
    [' cacheDuration="PT5H"', 16_000, 20_000],
    [' cacheDuration="P30D"', 77_000, 96_000],
    [` cacheDuration="P1D" validUntil="IN_AN_HOUR"`, 1_500, 2_000],
  ])('is read again as often as it asks for, within bounds: %j', async (attributes, least, most) => {
    const scene = await stage.scene();
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString();
    scene.host.says.attributes = attributes.replace('IN_AN_HOUR', inAnHour);
    await refresh(scene);
    const seconds = await untilNext(scene);
    expect(seconds).toBeGreaterThan(least);
    expect(seconds).toBeLessThan(most);
  });

  it('is not read where a setting turns it off, and where certificates or URL were set by hand', async () => {
    const scene = await stage.scene({ metadata_refresh: false });
    expect((await shown(scene)).metadata.next_refresh_at).toBeNull();
    await change(scene, { metadata_refresh: true }).then(({ status }) => expect(status).toBe(200));
    expect((await audited(scene, 'updated')).at(-1)).toMatchObject({
      changes: { metadata_refresh: { before: false, after: true } },
    });
    expect((await change(scene, { certificate: two })).status).toBe(200);
    expect(await shown(scene)).toMatchObject({ metadata_refresh: false, metadata_url: scene.host.url });
    await change(scene, { sso_url: scene.host.ssoUrl, metadata_refresh: true });
    expect((await shown(scene)).metadata_refresh).toBe(true);
    const byHand = await stage.scene({ certificate: one });
    expect((await shown(byHand)).metadata_refresh).toBe(false);
    const oidc = { provider_type: 'oidc', name: 'X', issuer: 'https://x.test', client_id: 'x' };
    expectError(
      await scene.acme.administrator.post('/api/v1/sso/providers', { ...oidc, metadata_refresh: true }),
      422,
      'VALIDATION_ERROR',
    );
  });

  it('of many providers is read in turn, those of one organization not before those of others', async () => {
    const scenes = [await stage.scene(), await stage.scene(), await stage.scene()];
    for (const scene of scenes) scene.host.says.certificates = [one, two];
    await Promise.all(scenes.map(refresh));
    for (const scene of scenes) expect(await trusted(scene)).toEqual(fingerprints(one, two));
    await eventually(() => scenes.every(scene => mails(scene).length === 1), 'the mails');
  });
});
