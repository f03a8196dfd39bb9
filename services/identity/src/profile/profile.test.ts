import { signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';

let identity: IdentityUnderTest;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  person = await identity.person();
});
afterAll(() => identity.stop());

const update = (change: unknown, { caller } = person) => caller.put('/api/v1/auth/me/profile', change);
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const dataUri = (type: string, content: Buffer) => `data:${type};base64,${content.toString('base64')}`;

describe('me', () => {
  it('200 with the user, addresses, organizations, workspaces and security', async () => {
    const { status, body } = await person.caller.get('/api/v1/auth/me');
    expect(status).toBe(200);
    expect(body.data).toEqual({
      user: {
        id: person.userId,
        display_name: expect.any(String),
        primary_email: person.email,
        profile_image_url: null,
        created_at: expect.stringMatching(/Z$/),
        updated_at: expect.stringMatching(/Z$/),
        is_system_admin: false,
        disabled_at: null,
        profile: {},
        user_metadata: {},
      },
      active_organization_id: null,
      impersonator: null,
      branding: null,
      emails: [{ email: person.email, verified: true, is_primary: true, created_at: expect.any(String) }],
      organizations: [expect.objectContaining({ id: 1000 + person.userId, source: 'signup' })],
      workspaces: [
        expect.objectContaining({
          id: 2000 + person.userId,
          is_default: true,
          organization_id: 1000 + person.userId,
        }),
      ],
      security: {
        mfa_enabled: false,
        mfa_methods: [],
        social_accounts_count: 0,
        connected_providers: [],
        total_login_attempts: 1,
        active_sessions: 1,
      },
    });
  });
  it('401 for nobody, and for a user who is gone or suspended', async () => {
    expect((await identity.anonymous().get('/api/v1/auth/me')).body.error.code).toBe('UNAUTHORIZED');
    const gone = identity.as(signedIn({ userId: 999_999_999 }));
    expect((await gone.get('/api/v1/auth/me')).body.error.code).toBe('USER_NOT_FOUND');
  });
  it('422 for a query parameter', async () => {
    expect((await person.caller.get('/api/v1/auth/me?verbose=true')).status).toBe(422);
  });
  it('503 while organization is down: no answer is better than a wrong one', async () => {
    identity.organization.down = true;
    const { status, body } = await person.caller.get('/api/v1/auth/me');
    identity.organization.down = false;
    expect([status, body.error.code]).toEqual([503, 'UPSTREAM_UNAVAILABLE']);
  });
});

describe('update profile', () => {
  describe('200', () => {
    it('changes what is given and leaves the rest, and audits the names of the fields', async () => {
      const first = await update({
        display_name: ' Grace ',
        profile: { bio: 'Navy', links: { a: 1 }, tags: ['x', 'y'] },
      });
      expect(first.body.data).toMatchObject({ user_id: person.userId, display_name: 'Grace' });
      const second = await update({
        profile: { bio: null, links: { b: { c: 2 } }, tags: ['z'], location: 'Arlington' },
      });
      expect(second.body.data).toMatchObject({
        display_name: 'Grace',
        profile: { links: { a: 1, b: { c: 2 } }, tags: ['z'], location: 'Arlington' },
      });
      expect(second.body.data.profile).not.toHaveProperty('bio');
      expect((await identity.audited(person.userId)).at(-1)).toMatchObject({
        action: 'user.profile_changed',
        metadata: { fields: ['profile'] },
      });
    });
    it('keeps keys that mean something to JavaScript as plain keys', async () => {
      const raw = '{"profile": {"__proto__": {"polluted": true}, "constructor": {"prototype": 1}}}';
      const { status, text } = await person.caller.put('/api/v1/auth/me/profile', undefined, {
        raw,
        headers: { 'content-type': 'application/json' },
      });
      expect(status).toBe(200);
      expect(text).toContain('"constructor"');
      expect({}).not.toHaveProperty('polluted');
    });
    it('merges two changes that arrive together', async () => {
      const other = await identity.person();
      await Promise.all([update({ profile: { one: 1 } }, other), update({ profile: { two: 2 } }, other)]);
      const { body } = await other.caller.get('/api/v1/auth/me');
      expect(body.data.user.profile).toEqual({ one: 1, two: 2 });
    });
    it('stores a picture and answers its URL, which serves it and nothing else', async () => {
      const { status, body } = await update({ profile_image_url: dataUri('image/png', PIXEL) });
      expect(status).toBe(200);
      const url = body.data.profile_image_url;
      expect(url).toMatch(/^http:\/\/rivergate\.test\/api\/v1\/auth\/pictures\/[\w-]{43}$/);
      const { pathname } = new URL(url);
      const picture = await identity.anonymous().get(pathname);
      expect(picture.status).toBe(200);
      expect(picture.text.length).toBeGreaterThan(0);
      const part = await identity.anonymous().get(pathname, { headers: { range: 'bytes=0-3' } });
      expect([part.status, part.headers.get('content-length')]).toEqual([206, '4']);
      expect(Object.fromEntries(picture.headers)).toMatchObject({
        'content-type': 'image/png',
        'x-content-type-options': 'nosniff',
        'cache-control': 'public, max-age=31536000, immutable',
        'content-security-policy': "default-src 'none'; sandbox",
        'content-length': String(PIXEL.length),
      });

      const replaced = await update({ profile_image_url: 'https://example.com/me.png' });
      expect(replaced.body.data.profile_image_url).toBe('https://example.com/me.png');
      expect((await identity.anonymous().get(pathname)).body.error.code).toBe('PICTURE_NOT_FOUND');
      expect((await update({ profile_image_url: null })).body.data.profile_image_url).toBeNull();
    });
    it.each([
      ['HTTPS://Example.COM:443/a/../me.png', 'https://example.com/me.png'],
      ['https:\\\\example.com\\me.png', 'https://example.com/me.png'],
      ['https://bücher.example/ü"><script>', 'https://xn--bcher-kva.example/%C3%BC%22%3E%3Cscript%3E'],
    ])('stores %s as a browser reads it', async (given, stored) => {
      expect((await update({ profile_image_url: given })).body.data.profile_image_url).toBe(stored);
    });
    it('keeps the stored picture when its own URL is sent again', async () => {
      const other = await identity.person();
      const first = await update({ profile_image_url: dataUri('image/png', PIXEL) }, other);
      // The platform is at an https address where it runs in earnest.
      const url = first.body.data.profile_image_url.replace(/^http:/, 'https:');
      await identity.resources.knex('users').where({ id: other.userId }).update({ profile_image_url: url });
      expect((await update({ profile_image_url: url }, other)).body.data.profile_image_url).toBe(url);
      expect((await identity.anonymous().get(new URL(url).pathname)).status).toBe(200);
    });
    it('takes a picture of one mebibyte', async () => {
      const largest = Buffer.concat([PIXEL, Buffer.alloc(1024 * 1024 - PIXEL.length)]);
      expect((await update({ profile_image_url: dataUri('image/png', largest) })).status).toBe(200);
    });
  });

  describe('400', () => {
    const failed = async (change: unknown) => {
      const { status, body } = await update(change);
      expect([status, body.error.code]).toEqual([400, 'PROFILE_UPDATE_FAILED']);
    };
    it('when no field is given', () => failed({}));
    it.each([
      ['is of another type', dataUri('image/jpeg', PIXEL)],
      ['is a page', dataUri('image/png', Buffer.from('<script>alert(1)</script>'))],
      ['is drawn in SVG', dataUri('image/svg+xml', Buffer.from('<svg/>'))],
      ['is over a mebibyte', dataUri('image/png', Buffer.concat([PIXEL, Buffer.alloc(1024 * 1024)]))],
      ['is not in base64', 'data:image/png,abc'],
      ['has parameters', `data:image/png;charset=utf-8;base64,${PIXEL.toString('base64')}`],
    ])('when the picture %s', (_, profile_image_url) => failed({ profile_image_url }));
    it('when the document is over 32 KiB after the merge', async () => {
      const other = await identity.person();
      await update({ profile: { half: 'x'.repeat(20_000) } }, other);
      const { status, body } = await update({ profile: { rest: 'x'.repeat(20_000) } }, other);
      expect([status, body.error.code]).toEqual([400, 'PROFILE_UPDATE_FAILED']);
      expect((await other.caller.get('/api/v1/auth/me')).body.data.user.profile).not.toHaveProperty('rest');
    });
    it('when the document nests deeper than eight levels', async () => {
      const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
      expect((await update({ profile: nested(8) })).status).toBe(200);
      await failed({ profile: nested(9) });
    });
  });

  it('403 for a token of no session', async () => {
    const caller = identity.as(signedIn({ userId: person.userId, sessionId: null }));
    expect((await caller.put('/api/v1/auth/me/profile', { display_name: 'x' })).status).toBe(403);
  });
  it.each([
    ['an http URL', { profile_image_url: 'http://example.com/a.png' }],
    ['a script for a URL', { profile_image_url: 'javascript:alert(1)' }],
    ['a URL with a user name', { profile_image_url: 'https://example.com@evil.example/a.png' }],
    ['a URL with a password', { profile_image_url: 'https://:secret@example.com/a.png' }],
    ['a URL with a line break', { profile_image_url: 'https://example.com/a\n.png' }],
    ['a URL with a space before it', { profile_image_url: ' https://example.com/a.png' }],
    ['a URL with a direction mark', { profile_image_url: 'https://example.com/\u202Egnp.a' }],
    [
      'a URL that is long only as a browser writes it',
      { profile_image_url: `https://example.com/${'ü'.repeat(400)}` },
    ],
    ['a blob', { profile_image_url: 'blob:https://example.com/1' }],
    ['a URL of 2049 characters', { profile_image_url: `https://example.com/${'a'.repeat(2029)}` }],
    ['a number for bio', { profile: { bio: 7 } }],
    ['a list for the document', { profile: [1] }],
    ['NUL deep in the document', { profile: { a: { b: ['\0'] } } }],
    ['the email', { email: 'new@example.com' }],
    ['an empty name', { display_name: ' ' }],
  ])('422 for %s', async (_, wrong) => {
    expect((await update(wrong)).status).toBe(422);
  });
  it('413 for a body beyond any picture', async () => {
    expect((await update({ profile_image_url: 'x'.repeat(2_000_000) })).status).toBe(413);
  });
});

describe('a picture', () => {
  it.each(['x'.repeat(43), 'y'.repeat(43)])('404 when there is none', async id => {
    expect((await identity.anonymous().get(`/api/v1/auth/pictures/${id}`)).status).toBe(404);
  });
  it('422 for what cannot be an id', async () => {
    expect((await identity.anonymous().get('/api/v1/auth/pictures/1')).status).toBe(422);
  });
});
