import { randomUUID } from 'node:crypto';
import type { SentFile } from '@rivergate/endpoint';
import { expectError, JPEG, PNG, pngOf, type TestCaller, WEBP, webpOf } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eraseOrganizations } from '../deletion/erase-organizations.ts';
import { INVITATIONS, type InvitationFixture, invitationFixture } from '../testing/invitation-fixture.ts';
import {
  type Founded,
  type OrganizationUnderTest,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';
import { putLogo } from './put-logo.ts';

let service: OrganizationUnderTest;
let fixture: InvitationFixture;
let acme: Founded;
let admin: TestCaller;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  fixture = await invitationFixture(service);
  acme = await fixture.found();
  admin = await service.member(fixture.administrator, acme.id);
});
afterAll(() => service?.stop());

const path = ({ id } = acme) => `/api/v1/organizations/${id}/branding`;
const color = (accent_color: unknown, by = admin, at = path()) => by.put(at, { accent_color });
const put = (content: Buffer, type = 'image/png', by = admin, at = path()) =>
  by.put(`${at}/logo`, undefined, { raw: new Uint8Array(content), headers: { 'content-type': type } });
const shown = async (by = admin, at = path()) => (await by.get(at).expect(200)).body.data.branding;
const served = (url: string, headers = {}) => service.nobody.get(new URL(url).pathname, { headers });
const told = async ({ id } = acme) =>
  (
    await service.sql<{ metadata: object }>(
      "select metadata from organization.audit_log where action = 'organization.branding_changed' and organization_id = ? order by id",
      [id],
    )
  ).map(({ metadata }) => metadata);
const LOGO = /^http:\/\/rivergate\.test\/api\/v1\/branding\/logos\/[\w-]{43}$/;

describe('branding of an organization', () => {
  it('is nothing at first, then what an administrator sets, and each change is told once', async () => {
    const other = await fixture.found();
    const by = await service.member(fixture.administrator, other.id);
    const { organization_name, ...none } = await shown(by, path(other));
    expect(none).toEqual({ accent_color: null, logo_url: null });
    const first = await color('#0B7A75', by, path(other)).expect(200);
    expect(first.body.data.branding).toEqual({ organization_name, accent_color: '#0b7a75', logo_url: null });
    await color('#0b7a75', by, path(other)).expect(200);
    const { body } = await put(PNG, 'image/png', by, path(other)).expect(200);
    expect(body.data.branding).toEqual({
      organization_name,
      accent_color: '#0b7a75',
      logo_url: expect.stringMatching(LOGO),
    });
    expect(await shown(by, path(other))).toEqual(body.data.branding);
    await color(null, by, path(other)).expect(200);
    const said = { organization_id: other.id, name: organization_name };
    const logo_id = body.data.branding.logo_url.split('/').at(-1);
    const change = (before: unknown, after: unknown) => ({ before, after });
    expect(await told(other)).toEqual([
      { ...said, accent_color: '#0b7a75', logo_id: null, changes: { accent_color: change(null, '#0b7a75') } },
      { ...said, accent_color: '#0b7a75', logo_id, changes: { logo_id: change(null, logo_id) } },
      { ...said, accent_color: null, logo_id, changes: { accent_color: change('#0b7a75', null) } },
    ]);
  });

  it('can be read by members and changed by administrators of this organization alone', async () => {
    const other = await fixture.found();
    const [guest, mallory] = [await service.person('Guest'), await service.person('Mallory')];
    await service.join(acme, guest);
    const member = await service.member(guest, acme.id);
    const elsewhere = await service.found(mallory, 'Elsewhere');
    const stranger = await service.member(mallory, elsewhere.id);
    await color('#112233').expect(200);
    await put(PNG).expect(200);
    const before = await shown();
    expect(await shown(member)).toEqual(before);
    for (const [by, status, code] of [
      [member, 403, 'FORBIDDEN'],
      [stranger, 404, 'ORGANIZATION_NOT_FOUND'],
      [service.nobody, 401, 'UNAUTHORIZED'],
    ] as const) {
      expectError(await color('#445566', by), status, code);
      expectError(await put(PNG, 'image/png', by), status, code);
      expectError(await by.delete(`${path()}/logo`), status, code);
      if (status !== 403) expectError(await by.get(path()), status, code);
    }
    expect(await shown()).toEqual(before);
    expect(await shown(await service.member(fixture.administrator, other.id), path(other))).toMatchObject({
      accent_color: null,
      logo_url: null,
    });
  });

  it.each([
    'red',
    '#fff',
    '#12345g',
    '#1234567',
    '112233',
    ' #112233',
    '#112233;}body{background:url(https://evil.example)}',
    '#112233\n',
    '#１１２２３３',
    'url(x)',
    'var(--x)',
    ['#112233'],
    { color: '#112233' },
    0x112233,
  ])('takes no %j for a colour', async accent_color => {
    const before = await shown();
    expectError(await color(accent_color), 422, 'VALIDATION_ERROR');
    expectError(await admin.put(path(), {}), 422, 'VALIDATION_ERROR');
    expect(await shown()).toEqual(before);
  });

  it('keeps both of two changes that come at once, and one logo of ten', async () => {
    const other = await fixture.found();
    const by = await service.member(fixture.administrator, other.id);
    const answers = await Promise.all([
      color('#abcdef', by, path(other)),
      ...Array.from({ length: 10 }, () => put(PNG, 'image/png', by, path(other))),
    ]);
    expect(answers.map(({ status }) => status)).toEqual(Array(11).fill(200));
    const { accent_color, logo_url } = await shown(by, path(other));
    expect(accent_color).toBe('#abcdef');
    const urls = answers.slice(1).map(({ body }) => body.data.branding.logo_url);
    const found = await Promise.all(urls.map(async url => (await served(url)).status === 200 && url));
    expect(found.filter(Boolean)).toEqual([logo_url]);
    expect(await told(other)).toHaveLength(11);
  });
});

describe('a logo', () => {
  it.each([
    ['image/png', PNG],
    ['image/jpeg', JPEG],
    ['image/webp', WEBP],
  ])(
    'of %s is served to everybody as what it is and as nothing else, with its validator',
    async (type, content) => {
      const { logo_url } = (await put(content, type).expect(200)).body.data.branding;
      const answer = await served(logo_url);
      expect(Object.fromEntries(answer.headers)).toMatchObject({
        'content-type': type,
        'content-length': String(content.length),
        'cache-control': 'public, max-age=3600',
        'x-content-type-options': 'nosniff',
        'content-security-policy': "default-src 'none'; sandbox",
        etag: expect.stringMatching(/^"[\w-]+"$/),
      });
      const again = await served(logo_url, { 'if-none-match': answer.headers.get('etag') });
      expect([again.status, again.headers.get('content-security-policy')]).toEqual([
        304,
        "default-src 'none'; sandbox",
      ]);
    },
  );

  it('comes as a part of a form too, and takes the place of the one before', async () => {
    const first = (await put(PNG).expect(200)).body.data.branding.logo_url;
    const file: SentFile = { part: 'logo', type: 'image/png', content: PNG, filename: 'x.html' };
    const { branding } = await admin.call(putLogo, { params: { org_id: acme.id }, files: [file] });
    expect(branding.logo_url).not.toBe(first);
    expectError(await served(first), 404, 'LOGO_NOT_FOUND');
    expect((await served(branding.logo_url!)).status).toBe(200);
  });

  it('is taken once for a key, and another one not under it', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const send = (content: Buffer) =>
      admin.put(`${path()}/logo`, undefined, {
        raw: new Uint8Array(content),
        headers: { 'content-type': 'image/png', ...key },
      });
    const { body } = await send(PNG).expect(200);
    expect((await send(PNG).expect(200)).body).toEqual(body);
    expectError(await send(pngOf({ width: 2 })), 409, 'IDEMPOTENCY_CONFLICT');
  });

  const page = Buffer.from('<!doctype html><script>alert(1)</script>');
  const drawing = Buffer.from('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>');
  it.each([
    ['a drawing', 415, 'UNSUPPORTED_MEDIA_TYPE', drawing, 'image/svg+xml'],
    ['a page', 415, 'UNSUPPORTED_MEDIA_TYPE', page, 'text/html'],
    ['an animation of old', 415, 'UNSUPPORTED_MEDIA_TYPE', Buffer.from('GIF89a'), 'image/gif'],
    ['a drawing that calls itself a picture', 400, 'INVALID_LOGO', drawing, 'image/png'],
    ['a page that calls itself a picture', 400, 'INVALID_LOGO', page, 'image/webp'],
    ['a picture of another type', 400, 'INVALID_LOGO', JPEG, 'image/png'],
    ['a picture without a size', 400, 'INVALID_LOGO', PNG.subarray(0, 12), 'image/png'],
    ['a picture cut off in its head', 400, 'INVALID_LOGO', JPEG.subarray(0, 8), 'image/jpeg'],
    ['more than 64 KiB', 413, 'REQUEST_ENTITY_TOO_LARGE', Buffer.alloc(65 * 1024), 'image/png'],
    ['few bytes that are very wide', 400, 'INVALID_LOGO', pngOf({ width: 2_049 }), 'image/png'],
    ['few bytes that are very high', 400, 'INVALID_LOGO', pngOf({ height: 0x7fffffff }), 'image/png'],
    ['a very wide WebP', 400, 'INVALID_LOGO', webpOf({ width: 16_000 }), 'image/webp'],
    ['an animated PNG', 400, 'INVALID_LOGO', pngOf({ animated: true }), 'image/png'],
    ['an animated WebP', 400, 'INVALID_LOGO', webpOf({ animated: true }), 'image/webp'],
  ])('is not %s', async (_, status, code, content, type) => {
    const before = await shown();
    expectError(await put(content, type), status, code);
    expect(await shown()).toEqual(before);
  });

  it('that is a page as well is shown as a picture and runs nothing', async () => {
    const polyglot = Buffer.concat([PNG, Buffer.from('<script>alert(1)</script>')]);
    const { logo_url } = (await put(polyglot).expect(200)).body.data.branding;
    const { headers } = await served(logo_url);
    expect([
      headers.get('content-type'),
      headers.get('x-content-type-options'),
      headers.get('content-security-policy'),
    ]).toEqual(['image/png', 'nosniff', "default-src 'none'; sandbox"]);
  });

  it.each([
    '../logos/x',
    '..%2f..%2forganizations',
    '%00',
    '*',
    '%27%20or%20true%20--',
    'a'.repeat(43),
    `${'a'.repeat(42)}%`,
    '1',
  ])('is not found by %j', async id => {
    const { status } = await service.nobody.get(`/api/v1/branding/logos/${id}`);
    expect([400, 404, 422]).toContain(status);
  });

  it('is gone once it is removed, and is then not there to remove', async () => {
    const { logo_url } = (await put(PNG).expect(200)).body.data.branding;
    expect((await admin.delete(`${path()}/logo`).expect(200)).body.data).toEqual({ logo: { logo_url } });
    expectError(await served(logo_url), 404, 'LOGO_NOT_FOUND');
    expectError(await admin.delete(`${path()}/logo`), 404, 'LOGO_NOT_FOUND');
    expect((await shown()).logo_url).toBeNull();
  });
});

describe('an organization shows itself', () => {
  it('on its own invitations, to whoever holds the token', async () => {
    const [one, other] = [await fixture.found(), await fixture.found()];
    const by = await service.member(fixture.administrator, one.id);
    await color('#123456', by, path(one)).expect(200);
    const { branding } = (await put(PNG, 'image/png', by, path(one)).expect(200)).body.data;
    const preview = async (founded: Founded) => {
      const { token } = await fixture.invited(founded, `${randomUUID()}@example.com`);
      return (await service.nobody.get(`${INVITATIONS}/${token}`).expect(200)).body.data.invitation.branding;
    };
    expect(await preview(one)).toEqual(branding);
    expect(await preview(other)).toBeNull();
  });

  it('no more while it is deleted, again when it is restored, and nothing is kept in the end', async () => {
    const gone = await fixture.found();
    const by = await service.member(fixture.administrator, gone.id);
    await color('#123456', by, path(gone)).expect(200);
    const { logo_url } = (await put(PNG, 'image/png', by, path(gone)).expect(200)).body.data.branding;
    const mark = (erase_at: string) =>
      service.sql(
        `update organization.organizations set deleted_at = now(), erase_at = now() + ?::interval where id = ?`,
        [erase_at, gone.id],
      );
    await mark('1 day');
    expectError(await served(logo_url), 404, 'LOGO_NOT_FOUND');
    expectError(await by.get(path(gone)), 404, 'ORGANIZATION_NOT_FOUND');
    await service
      .stranger(fixture.administrator)
      .post(`/api/v1/organizations/${gone.id}/restore`)
      .expect(200);
    expect((await served(logo_url)).status).toBe(200);
    await mark('-1 second');
    await eraseOrganizations.run(service.resources);
    expectError(await served(logo_url), 404, 'LOGO_NOT_FOUND');
    expect(
      await service.sql('select 1 from organization.branding where organization_id = ?', [gone.id]),
    ).toEqual([]);
  });
});
