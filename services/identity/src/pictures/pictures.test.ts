import { randomUUID } from 'node:crypto';
import type { SentFile } from '@rivergate/endpoint';
import { expectError, signedIn } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../testing/identity-under-test.ts';
import { putPicture } from './put-picture.ts';

let identity: IdentityUnderTest;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  person = await identity.person();
});
afterAll(() => identity?.stop());

const PATH = '/api/v1/auth/me/picture';
const MEBIBYTE = 1024 * 1024;
const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
const GIF = Buffer.from('GIF89a and more');

const put = (content: Buffer, type = 'image/png', headers = {}, { caller } = person) =>
  caller.put(PATH, undefined, {
    raw: new Uint8Array(content),
    headers: { 'content-type': type, ...headers },
  });
const putPart = (file: Partial<SentFile>, { caller } = person) =>
  caller.call(putPicture, { files: [{ part: 'picture', type: 'image/png', content: PIXEL, ...file }] });
const served = (url: string) => identity.anonymous().get(new URL(url).pathname);
const shown = async ({ caller } = person) => (await caller.get('/api/v1/auth/me')).body.data.user;

describe('put picture', () => {
  it('200 with the picture as the body or as a part; it is served, and the one before is gone', async () => {
    const { profile_image_url: first } = (await put(PIXEL).expect(200)).body.data;
    expect((await served(first)).headers.get('content-type')).toBe('image/png');
    const { profile_image_url: second } = await putPart({
      type: 'image/gif',
      content: GIF,
      filename: 'a.gif',
    });
    expect((await served(second)).headers.get('content-type')).toBe('image/gif');
    expect((await served(first)).status).toBe(404);
    expect((await shown()).profile_image_url).toBe(second);
    expect((await identity.audited(person.userId)).at(-1)).toMatchObject({
      action: 'user.profile_changed',
      metadata: { fields: ['profile_image_url'] },
    });
  });
  it('200 for a mebibyte, in both ways', async () => {
    const largest = Buffer.concat([PIXEL, Buffer.alloc(MEBIBYTE - PIXEL.length)]);
    await put(largest).expect(200);
    await putPart({ content: largest });
  });
  it('200 once for a key, and 409 for another picture under it', async () => {
    const key = { 'idempotency-key': randomUUID() };
    const { body } = await put(PIXEL, 'image/png', key).expect(200);
    expect((await put(PIXEL, 'image/png', key).expect(200)).body).toEqual(body);
    expectError(await put(GIF, 'image/gif', key), 409, 'IDEMPOTENCY_CONFLICT');
  });
  it('leaves one picture when ten are sent at once', async () => {
    const other = await identity.person();
    const answers = await Promise.all(Array.from({ length: 10 }, () => put(PIXEL, 'image/png', {}, other)));
    expect(answers.map(({ status }) => status)).toEqual(Array(10).fill(200));
    const left = await identity.resources.knex('pictures').where({ user_id: other.userId });
    expect(left).toHaveLength(1);
    expect((await shown(other)).profile_image_url).toContain(left[0].id);
  });

  describe('changes nothing and answers', () => {
    it.each([
      ['400 for a picture of another type', 400, 'PROFILE_UPDATE_FAILED', PIXEL, 'image/jpeg'],
      ['400 for a page', 400, 'PROFILE_UPDATE_FAILED', Buffer.from('<script>'), 'image/png'],
      ['413 beyond a mebibyte', 413, 'REQUEST_ENTITY_TOO_LARGE', Buffer.alloc(MEBIBYTE + 1), 'image/png'],
      ['415 for a drawing', 415, 'UNSUPPORTED_MEDIA_TYPE', Buffer.from('<svg/>'), 'image/svg+xml'],
      ['415 for JSON', 415, 'UNSUPPORTED_MEDIA_TYPE', Buffer.from('{}'), 'application/json'],
    ])('%s', async (_, status, code, content, type) => {
      const before = await shown();
      expectError(await put(content, type), status, code);
      expect(await shown()).toEqual(before);
    });
    it('400, 413 and 415 for such parts, and 422 for others', async () => {
      const before = await shown();
      await expect(putPart({ type: 'image/jpeg' })).rejects.toThrow('PROFILE_UPDATE_FAILED');
      await expect(putPart({ content: Buffer.alloc(MEBIBYTE + 1) })).rejects.toThrow(
        'REQUEST_ENTITY_TOO_LARGE',
      );
      await expect(putPart({ type: 'image/svg+xml' })).rejects.toThrow('UNSUPPORTED_MEDIA_TYPE');
      await expect(putPart({ part: 'other', filename: 'a.png' })).rejects.toThrow('VALIDATION_ERROR');
      expect(await shown()).toEqual(before);
    });
    it('422 without a picture', async () => {
      expectError(await person.caller.put(PATH), 422, 'VALIDATION_ERROR');
    });
    it('401 for nobody, and 403 for a token of no session', async () => {
      expectError(await identity.anonymous().put(PATH), 401, 'UNAUTHORIZED');
      const caller = identity.as(signedIn({ userId: person.userId, sessionId: null }));
      expectError(await put(PIXEL, 'image/png', {}, { ...person, caller }), 403, 'FORBIDDEN');
    });
  });
});

describe('delete picture', () => {
  it('200 with the address that it had, which serves nothing any more; then 404', async () => {
    const { profile_image_url } = (await put(PIXEL).expect(200)).body.data;
    const { body } = await person.caller.delete(PATH).expect(200);
    expect(body.data).toEqual({ picture: { profile_image_url } });
    expect((await served(profile_image_url)).status).toBe(404);
    expect((await shown()).profile_image_url).toBeNull();
    expect((await identity.audited(person.userId)).at(-1)).toMatchObject({ action: 'user.profile_changed' });
    expectError(await person.caller.delete(PATH), 404, 'PICTURE_NOT_FOUND');
  });
  it('200 for the address of a picture elsewhere', async () => {
    const profile_image_url = 'https://example.com/me.png';
    await person.caller.put('/api/v1/auth/me/profile', { profile_image_url }).expect(200);
    expect((await person.caller.delete(PATH).expect(200)).body.data.picture).toEqual({ profile_image_url });
  });
  it('403 for a token of no session', async () => {
    const caller = identity.as(signedIn({ userId: person.userId, sessionId: null }));
    expectError(await caller.delete(PATH), 403, 'FORBIDDEN');
  });
});
