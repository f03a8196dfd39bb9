import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { acrossOrganizations, type SentFile } from '@rivergate/endpoint';
import {
  administrator,
  expectError,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
} from '@rivergate/testing';
import { contentOf, forgetExpiredUploads } from '@rivergate/uploads';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { example } from '../service.ts';
import { attachFile } from './attach-file.ts';

const [ORGANIZATION, ANOTHER, ADA, GRACE] = [1, 2, 10, 11];
const params = { org_id: ORGANIZATION };
let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startServiceUnderTest(example);
});
afterAll(() => service?.stop());

const ada = () => service.as(administrator({ userId: ADA, organizationId: ORGANIZATION }));
const grace = () => service.as(signedIn({ userId: GRACE, organizationId: ORGANIZATION }));
const stranger = () => service.as(administrator({ userId: ADA, organizationId: ANOTHER }));
const everywhere = <Result>(work: (db: Knex.Transaction) => Promise<Result>) =>
  service.resources.knex.transaction(async db => {
    await acrossOrganizations(db);
    return await work(db);
  });
const countOf = (table: string) =>
  everywhere(async db => Number((await db(table).count({ count: '*' }))[0]!.count));
const counts = async () => [
  await countOf('attachments'),
  await countOf('uploads'),
  await countOf('upload_pieces'),
];

const content = randomBytes(1_300_000);
const sent: SentFile = { part: 'file', filename: 'plan.pdf', type: 'application/pdf', content };
const attach = (file: Partial<SentFile> = {}) =>
  ada().call(attachFile, { params, body: { title: 'Plan' }, files: [{ ...sent, ...file }] });
const uploads = `/api/v1/organizations/${ORGANIZATION}/attachment-uploads`;
const path = (rest: string, organization = ORGANIZATION) =>
  `/api/v1/organizations/${organization}/attachments${rest}`;

async function storedContent(attachmentId: number): Promise<string> {
  return await everywhere(async db => {
    const { upload_id } = await db('attachments').where('id', attachmentId).first();
    const hash = createHash('sha256');
    for await (const piece of contentOf(db, upload_id)) hash.update(piece);
    return hash.digest('hex');
  });
}
const digest = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

describe('attach a file', () => {
  it('201 as a part of a form and as itself; its content is stored in pieces', async () => {
    const first = await attach();
    expect(first).toMatchObject({ title: 'Plan', filename: 'plan.pdf', size: content.length });
    expect(await storedContent(first.id)).toBe(digest(content));
    const raw: SentFile = { type: 'application/octet-stream', content };
    const second = await ada().call(attachFile, { params, body: {} as never, files: [raw] });
    expect(second).toMatchObject({ title: 'Untitled', filename: null, size: content.length });
    expect(await storedContent(second.id)).toBe(digest(content));
  });
  it('leaves nothing of a file that is refused, breaks off, or is sent again under its key', async () => {
    const key = { 'idempotency-key': randomUUID() };
    await ada().call(attachFile, { params, body: { title: 'Plan' }, files: [sent] }, { headers: key });
    const before = await counts();
    await ada().call(attachFile, { params, body: { title: 'Plan' }, files: [sent] }, { headers: key });
    const otherKey = ada().call(
      attachFile,
      { params, body: { title: 'Plan' }, files: [{ ...sent, content: randomBytes(9) }] },
      { headers: key },
    );
    await expect(otherKey).rejects.toThrow('IDEMPOTENCY_CONFLICT');
    await expect(attach({ type: 'image/png' })).rejects.toThrow('UNSUPPORTED_MEDIA_TYPE');
    const truncated = Buffer.concat([
      Buffer.from(
        '--x\r\nContent-Disposition: form-data; name="file"\r\nContent-Type: application/pdf\r\n\r\n',
      ),
      content,
    ]);
    const headers = { 'content-type': 'multipart/form-data; boundary=x' };
    expectError(
      await ada().post(path(''), undefined, { raw: new Uint8Array(truncated), headers }),
      400,
      'MALFORMED_REQUEST',
    );
    expect(await counts()).toEqual(before);
  });
  it('404 in an organization of others', async () => {
    const before = await counts();
    const headers = { 'content-type': 'application/pdf' };
    expectError(
      await stranger().post(path(''), undefined, { raw: 'x', headers }),
      404,
      'ORGANIZATION_NOT_FOUND',
    );
    expect(await counts()).toEqual(before);
  });
});

describe('label an attachment', () => {
  const label = async (raw: string, type: string, caller = ada()) => {
    const { id } = await attach({ content: Buffer.from('x') });
    return await caller.put(path(`/${id}/labels`), undefined, { raw, headers: { 'content-type': type } });
  };
  it('200 by a form, by JSON and by the JSON of SCIM', async () => {
    for (const [raw, type] of [
      ['labels=old&labels=draft&added=true', 'application/x-www-form-urlencoded'],
      ['{"labels":["old","draft"]}', 'application/json'],
      ['{"labels":["old","draft"]}', 'application/scim+json'],
    ] as const)
      expect((await label(raw, type)).body.data.labels).toEqual(['old', 'draft']);
  });
  it('422 for fields of another form', async () => {
    expectError(
      await label('labels=a&surprise=1', 'application/x-www-form-urlencoded'),
      422,
      'VALIDATION_ERROR',
    );
    expectError(
      await label('labels=a&added=yes', 'application/x-www-form-urlencoded'),
      422,
      'VALIDATION_ERROR',
    );
  });
});

const TUS = { 'tus-resumable': '1.0.0' };
const offset = (at: number) => ({
  ...TUS,
  'upload-offset': String(at),
  'content-type': 'application/offset+octet-stream',
});
async function begin(length: number, caller = ada()): Promise<string> {
  const headers = { ...TUS, 'upload-length': String(length) };
  return (await caller.post(uploads, undefined, { headers }).expect(201)).headers.get('location')!;
}
const append = (address: string, at: number, bytes: Buffer, caller = ada()) =>
  caller.patch(address, undefined, { raw: new Uint8Array(bytes), headers: offset(at) });
const idOf = (address: string) => address.split('/').at(-1)!;
const attachUpload = (address: string, caller = ada()) =>
  caller.post(path('/of-uploads'), { upload_id: idOf(address), title: 'Plan' });

describe('a resumable upload', () => {
  it('is begun, goes on, tells how far it is, and is attached once', async () => {
    const address = await begin(content.length);
    const { headers } = await append(address, 0, content.subarray(0, 700_000)).expect(204);
    expect(Object.fromEntries(headers)).toMatchObject({
      'upload-offset': '700000',
      'tus-resumable': '1.0.0',
    });
    expect(new Date(headers.get('upload-expires')!).getTime()).toBeGreaterThan(Date.now());
    const { headers: told } = await ada().get(address).expect(200);
    expect(told.get('upload-offset')).toBe('700000');
    expect(told.get('upload-length')).toBe(String(content.length));
    expect(told.get('cache-control')).toBe('no-store');
    expectError(await attachUpload(address), 409, 'UPLOAD_UNFINISHED');
    await append(address, 700_000, content.subarray(700_000)).expect(204);
    const { body } = await attachUpload(address).expect(201);
    expect(await storedContent(body.data.id)).toBe(digest(content));
    expectError(await attachUpload(address), 404, 'UPLOAD_NOT_FOUND');
    expectError(await append(address, content.length, Buffer.from('x')), 409, 'UPLOAD_OFFSET_CONFLICT');
    expectError(await ada().delete(address, undefined, { headers: TUS }), 404, 'UPLOAD_NOT_FOUND');
  });
  it('holds what is told of it', async () => {
    const told = `filename ${Buffer.from('plän.pdf').toString('base64')},relativePath bnVsbA==,empty`;
    const headers = { ...TUS, 'upload-length': '0', 'upload-metadata': told };
    const address = (await ada().post(uploads, undefined, { headers }).expect(201)).headers.get('location')!;
    expect((await attachUpload(address).expect(201)).body.data).toMatchObject({
      filename: 'plän.pdf',
      size: 0,
    });
  });
  it.each([
    ['no base64', 'filename ***'],
    ['no UTF-8', 'filename /w=='],
    ['NUL', 'filename YQBi'],
    ['a key twice', 'filename YQ==,filename Yg=='],
    ['a line break in a name', 'filename YQpi'],
    ['a key without end', `filename ${'YQ'.repeat(3_000)}`],
  ])('422 for metadata with %s', async (_, told) => {
    const headers = { ...TUS, 'upload-length': '1', 'upload-metadata': told };
    expectError(await ada().post(uploads, undefined, { headers }), 422, 'VALIDATION_ERROR');
  });
  it.each(['-1', '1.5', '01', '1e3', '9'.repeat(16), ''])('422 for a length of %s', async length => {
    const headers = { ...TUS, 'upload-length': length };
    expectError(await ada().post(uploads, undefined, { headers }), 422, 'VALIDATION_ERROR');
  });
  it('409 at another offset than it has come to, and then goes on', async () => {
    const address = await begin(10);
    expectError(await append(address, 5, Buffer.from('12345')), 409, 'UPLOAD_OFFSET_CONFLICT');
    await append(address, 0, Buffer.from('12345')).expect(204);
    expectError(await append(address, 0, Buffer.from('12345')), 409, 'UPLOAD_OFFSET_CONFLICT');
    await append(address, 5, Buffer.from('67890')).expect(204);
  });
  it('takes the content of one of ten senders at once', async () => {
    const address = await begin(1_000_000);
    const senders = Array.from({ length: 10 }, (_, index) => Buffer.alloc(1_000_000, index));
    const answers = await Promise.all(senders.map(bytes => append(address, 0, bytes)));
    expect(answers.map(({ status }) => status).sort()).toEqual([204, ...Array(9).fill(409)]);
    const winner = answers.findIndex(({ status }) => status === 204);
    const { body } = await attachUpload(address).expect(201);
    expect(await storedContent(body.data.id)).toBe(digest(senders[winner]!));
  });
  it('413 for more than its length, and for a length beyond the limit', async () => {
    const address = await begin(3);
    expectError(await append(address, 0, Buffer.from('1234')), 413, 'REQUEST_ENTITY_TOO_LARGE');
    const headers = { ...TUS, 'upload-length': String(1024 ** 3 + 1) };
    expectError(await ada().post(uploads, undefined, { headers }), 413, 'REQUEST_ENTITY_TOO_LARGE');
  });
  it('413 for an eleventh that nothing keeps, also of twelve begun at once', async () => {
    const lovelace = () => service.as(signedIn({ userId: 77, organizationId: ORGANIZATION }));
    const headers = { ...TUS, 'upload-length': '1' };
    const answers = await Promise.all(
      Array.from({ length: 12 }, () => lovelace().post(uploads, undefined, { headers })),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([...Array(10).fill(201), 413, 413]);
  });
  it('412 for another version of the protocol, and for none', async () => {
    const address = await begin(3);
    const { 'tus-resumable': _, ...none } = offset(0);
    for (const headers of [none, { ...none, 'tus-resumable': '0.2.2' }]) {
      const answer = await ada().patch(address, undefined, { raw: 'abc', headers });
      expectError(answer, 412, 'UPLOAD_VERSION_NOT_SUPPORTED');
      expect(answer.headers.get('tus-version')).toBe('1.0.0');
    }
  });
  it('415 for content of another type', async () => {
    const headers = { ...offset(0), 'content-type': 'application/octet-stream' };
    expectError(
      await ada().patch(await begin(3), undefined, { raw: 'abc', headers }),
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    );
  });
  it('404 for everybody but who began it, in this organization and in another', async () => {
    const address = await begin(3);
    const elsewhere = address.replace(`/${ORGANIZATION}/`, `/${ANOTHER}/`);
    for (const [caller, at] of [
      [grace(), address],
      [stranger(), elsewhere],
    ] as const) {
      expectError(await caller.get(at), 404, 'UPLOAD_NOT_FOUND');
      expectError(await append(at, 0, Buffer.from('abc'), caller), 404, 'UPLOAD_NOT_FOUND');
      expectError(await caller.delete(at, undefined, { headers: TUS }), 404, 'UPLOAD_NOT_FOUND');
    }
    expectError(await attachUpload(address, grace()), 404, 'UPLOAD_NOT_FOUND');
  });
  it('is gone when it is ended', async () => {
    const address = await begin(3);
    await ada().delete(address, undefined, { headers: TUS }).expect(204);
    expectError(await ada().get(address), 404, 'UPLOAD_NOT_FOUND');
  });
  it('410 when it has expired; then its content is forgotten, and a day later that it was', async () => {
    const address = await begin(5);
    const id = idOf(address);
    await append(address, 0, Buffer.from('abc')).expect(204);
    const expire = (interval: string) =>
      everywhere(db =>
        db('uploads')
          .where({ id })
          .update({ expires_at: db.raw('now() - ?::interval', [interval]) }),
      );
    await expire('1 minute');
    for (const answer of [
      await ada().get(address),
      await append(address, 3, Buffer.from('de')),
      await attachUpload(address),
      await ada().delete(address, undefined, { headers: TUS }),
    ])
      expectError(answer, 410, 'UPLOAD_EXPIRED');
    const kept = (await attach()).id;
    await forgetExpiredUploads.run(service.resources);
    expect(await everywhere(db => db('upload_pieces').where({ upload_id: id }))).toEqual([]);
    expectError(await ada().get(address), 410, 'UPLOAD_EXPIRED');
    await expire('25 hours');
    await forgetExpiredUploads.run(service.resources);
    expectError(await ada().get(address), 404, 'UPLOAD_NOT_FOUND');
    expect(await storedContent(kept)).toBe(digest(content));
  });
});
