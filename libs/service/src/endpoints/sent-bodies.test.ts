import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { credentialKey } from '@rivergate/caller';
import { type Call, endpoints, form, json, multipart, raw, serviceClient, spec } from '@rivergate/endpoint';
import { type ServiceUnderTest, startServiceUnderTest } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService } from '../index.ts';

const endpoint = endpoints();
const contract = {
  owner: 'policy',
  method: 'put',
  summary: 'Take it',
  caller: 'internal',
  callers: ['organization'],
} as const;
const body = z.object({ name: z.string(), sizes: z.array(z.int()).max(3) });
const file = { types: ['text/plain'], maxBytes: 3_000_000 };

const takeForm = spec({
  ...contract,
  operation: 'takeForm',
  path: '/internal/form',
  accepts: [form()],
  body,
  answer: body,
});
const takeScim = spec({
  ...contract,
  operation: 'takeScim',
  path: '/internal/scim',
  accepts: [json('application/scim+json')],
  body,
  answer: body,
});
const takeFiles = spec({
  ...contract,
  operation: 'takeFiles',
  path: '/internal/files',
  accepts: [multipart({ files: { file: { ...file, maxCount: 2 } } }), raw(file)],
  body: body.partial(),
  answer: z.object({ body: body.partial(), files: z.array(z.string()) }),
});

let service: ServiceUnderTest;
let client: ReturnType<typeof serviceClient>;
let call: Call;
beforeAll(async () => {
  const received = endpoint(takeFiles, {
    async prepare({ files }) {
      const found: string[] = [];
      for await (const { part, filename, type, content } of files)
        found.push([part, filename, type, (await text(content)).length].join());
      return found;
    },
    handle: async ({ body: fields, prepared }) => ({ body: fields, files: prepared }),
  });
  service = await startServiceUnderTest(
    defineService({
      name: 'policy',
      modules: [
        {
          endpoints: [
            endpoint(takeForm, async context => context.body),
            endpoint(takeScim, async context => context.body),
            received,
          ],
        },
      ],
    }),
  );
  client = serviceClient({
    key: credentialKey(service.environment.of('organization')),
    urlOf: () => service.url,
  });
  call = client;
});
afterAll(async () => {
  await client?.close();
  await service?.stop();
});

const fields = { name: 'a & b=ä', sizes: [1, 2] };
const streamed = (length: number) => Readable.from(['x'.repeat(length)], { objectMode: false });

describe('a service sends to another', () => {
  it('forms and other JSON, as the contract takes them', async () => {
    expect(await call(takeForm, { body: fields })).toEqual(fields);
    expect(await call(takeScim, { body: fields })).toEqual(fields);
  });
  it('files as parts of a form, streamed or not', async () => {
    const files = [
      { part: 'file', filename: 'ä.txt', type: 'text/plain', content: streamed(2_500_000) },
      { part: 'file', type: 'text/plain', content: Buffer.from('second') },
    ];
    expect(await call(takeFiles, { body: fields, files })).toEqual({
      body: fields,
      files: ['file,ä.txt,text/plain,2500000', 'file,,text/plain,6'],
    });
  });
  it('a file as the body', async () => {
    const files = [{ type: 'text/plain', content: streamed(2_500_000) }];
    expect(await call(takeFiles, { body: {}, files })).toEqual({ body: {}, files: [',,text/plain,2500000'] });
  });
  it('a file once only: what has passed cannot be sent again', async () => {
    let asked = 0;
    const elsewhere = serviceClient({
      key: credentialKey(service.environment.of('organization')),
      urlOf() {
        asked += 1;
        return 'http://127.0.0.1:1';
      },
    });
    const content = streamed(10);
    const answer = elsewhere(takeFiles, { body: {}, files: [{ type: 'text/plain', content }] });
    await expect(answer).rejects.toThrow('does not answer');
    expect(asked).toBe(1);
    await elsewhere.close();
  });
});
