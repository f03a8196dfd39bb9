import { createHash, randomBytes } from 'node:crypto';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as pass } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { example } from '@rivergate/example';
import type { ServiceDefinition } from '@rivergate/service';
import { eventually, holdBack } from '@rivergate/testing';
import pg from 'pg';
import { type DetailedError, Upload, type UploadOptions } from 'tus-js-client';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, join, type Person, signUp } from './person.ts';

const MEBIBYTE = 1024 * 1024;
/** Milliseconds after which a right that was withdrawn is gone. */
const WITHDRAWN = 1_000;

let fleet: AcceptanceFleet;
let owner: Person;
let organization: Awaited<ReturnType<typeof foundOrganization>>;
let database: pg.Client;

beforeAll(async () => {
  fleet = await startFleet({
    instead: [example as ServiceDefinition],
    env: { RATE_LIMIT_STANDARD: 'off', RATE_LIMIT_PREMIUM: 'off', RATE_LIMIT_ADMIN: 'off' },
  });
  database = new pg.Client({ connectionString: fleet.environment.databaseAdminUrl });
  await database.connect();
  owner = await signUp(fleet, 'owner');
  organization = await foundOrganization(owner);
});
afterAll(async () => {
  await database?.end();
  await fleet?.stop();
});

const attachments = () => `${organization.path}/attachments`;
const uploads = () => `${organization.path}/attachment-uploads`;

async function rowsOf(table: string): Promise<number> {
  const { rows } = await database.query(`select count(*)::int as count from policy.${table}`);
  return rows[0].count;
}
const counts = async () => [
  await rowsOf('attachments'),
  await rowsOf('uploads'),
  await rowsOf('upload_pieces'),
];

/** Sends a body that is made as it is sent, of unknown length, and gives what comes back. */
function stream(
  path: string,
  content: AsyncIterable<Buffer> | Iterable<Buffer>,
  { person = owner, method = 'POST', type = 'application/octet-stream', headers = {} } = {},
) {
  return new Promise<{ status: number; body: { data?: never; error?: { code: string } } }>(
    (resolve, reject) => {
      const sent = httpRequest(
        `${fleet.url}${path}`,
        {
          method,
          headers: {
            authorization: `Bearer ${person.tokens.access_token}`,
            'content-type': type,
            ...headers,
          },
        },
        async (answer: IncomingMessage) => {
          const body = await text(answer);
          resolve({ status: answer.statusCode!, body: body === '' ? {} : JSON.parse(body) });
        },
      );
      sent.once('error', reject);
      Readable.from(content, { objectMode: false }).pipe(sent);
    },
  );
}

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

describe('a large upload', () => {
  /** Sends so many mebibytes. @returns bytes of buffers that all processes together hold meanwhile, at the median */
  async function held(mebibytes: number): Promise<number> {
    const samples: number[] = [];
    async function* content() {
      for (let index = 0; index < mebibytes; index++) {
        for (let part = 0; part < 16; part++) yield randomBytes(MEBIBYTE / 16);
        // What is still to be passed on stays, whoever holds it.
        collectGarbage();
        samples.push(process.memoryUsage().arrayBuffers);
      }
    }
    const { status, body } = await stream(attachments(), content());
    expect([status, (body.data as unknown as { size: number }).size]).toEqual([201, mebibytes * MEBIBYTE]);
    return samples.sort((left, right) => left - right)[samples.length / 2]!;
  }

  it('passes through gateway and service in memory that does not grow with it', async () => {
    const small = await held(4);
    expect((await held(64)) - small).toBeLessThan(4 * MEBIBYTE);
  });

  it('is answered 413 beyond its limit, and leaves nothing', async () => {
    const before = await counts();
    function* endless() {
      const part = Buffer.alloc(MEBIBYTE);
      for (let index = 0; index < 110; index++) yield part;
    }
    const { status, body } = await stream(attachments(), endless());
    expect([status, body.error?.code]).toEqual([413, 'REQUEST_ENTITY_TOO_LARGE']);
    expect(await eventually(async () => String(await counts()) === String(before))).toBe(true);
  });

  it('that breaks off leaves nothing, whether it told its length or not', async () => {
    const before = await counts();
    const held = holdBack(fleet.url, {
      path: attachments(),
      headers: {
        Authorization: `Bearer ${owner.tokens.access_token}`,
        'Content-Type': 'application/octet-stream',
      },
      body: 'x'.repeat(2 * MEBIBYTE),
    });
    await held.accepted;
    await eventually(async () => (await rowsOf('upload_pieces')) > before[2]!);
    held.abort();
    await eventually(async () => String(await counts()) === String(before));

    async function* broken() {
      yield Buffer.alloc(2 * MEBIBYTE);
      await eventually(async () => (await rowsOf('upload_pieces')) > before[2]!);
      throw new Error('The connection broke');
    }
    const content = Readable.from(broken(), { objectMode: false });
    const sent = httpRequest(`${fleet.url}${attachments()}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${owner.tokens.access_token}`,
        'content-type': 'application/octet-stream',
      },
    });
    sent.on('error', () => {});
    content.on('error', () => sent.destroy()).pipe(sent);
    await new Promise(resolve => sent.once('close', resolve));
    await eventually(async () => String(await counts()) === String(before));
  });
});

describe('an upload whose sender is removed meanwhile', () => {
  async function removedWhile(send: (attacker: Person, meanwhile: () => Promise<void>) => Promise<number>) {
    const attacker = await signUp(fleet, 'attacker');
    await join(owner, attacker, organization, 'Admin');
    return await send(attacker, async () => {
      data(await owner.delete(`${organization.path}/members/${attacker.id}`));
      await pass(WITHDRAWN);
    });
  }

  it('changes nothing, and nothing of it stays', async () => {
    const before = await counts();
    const status = await removedWhile(async (attacker, meanwhile) => {
      async function* content() {
        yield Buffer.alloc(2 * MEBIBYTE);
        await eventually(async () => (await rowsOf('upload_pieces')) > before[2]!);
        await meanwhile();
        yield Buffer.alloc(10);
      }
      return (await stream(attachments(), content(), { person: attacker })).status;
    });
    expect([401, 403, 404]).toContain(status);
    await eventually(async () => String(await counts()) === String(before));
  });

  it('comes no further, where it is one that goes on', async () => {
    let received = async () => 0;
    const status = await removedWhile(async (attacker, meanwhile) => {
      const headers = { 'tus-resumable': '1.0.0', 'upload-length': String(3 * MEBIBYTE) };
      const begun = await attacker.post(uploads(), undefined, { headers }).expect(201);
      const address = begun.headers.get('location')!;
      received = async () => {
        const { rows } = await database.query('select received from policy.uploads where id = $1', [
          address.split('/').at(-1),
        ]);
        return Number(rows[0].received);
      };
      async function* content() {
        yield Buffer.alloc(MEBIBYTE);
        await eventually(async () => (await received()) > 0);
        await meanwhile();
        yield Buffer.alloc(2 * MEBIBYTE);
      }
      const answered = await stream(address, content(), {
        person: attacker,
        method: 'PATCH',
        type: 'application/offset+octet-stream',
        headers: { 'tus-resumable': '1.0.0', 'upload-offset': '0' },
      });
      return answered.status;
    });
    expect([401, 403, 404]).toContain(status);
    expect(await received()).toBeLessThanOrEqual(MEBIBYTE);
  });
});

describe('tus-js-client', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) server.close();
  });

  /** An address of the gateway where the first connection that carries so many bytes breaks, when some have arrived. */
  async function brokenOnce(bytes: number): Promise<{ url: string; broken: () => boolean }> {
    let broken = false;
    const before = await rowsOf('upload_pieces');
    const { hostname, port } = new URL(fleet.url);
    const server = createServer((client: Socket) => {
      const upstream = connect(Number(port), hostname);
      let passed = 0;
      client.on('data', chunk => {
        passed += chunk.length;
        if (broken || passed < bytes) return;
        broken = true;
        client.unpipe(upstream).pause();
        eventually(async () => (await rowsOf('upload_pieces')) > before).finally(() => {
          client.destroy();
          upstream.destroy();
        });
      });
      client.on('error', () => upstream.destroy()).pipe(upstream);
      upstream.on('error', () => client.destroy()).pipe(client);
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    servers.push(server);
    return { url: `http://127.0.0.1:${(server.address() as { port: number }).port}`, broken: () => broken };
  }

  const send = (content: Buffer, more: UploadOptions & { base?: string } = {}) => {
    const { base = fleet.url, ...options } = more;
    const finished = Promise.withResolvers<string>();
    const upload = new Upload(content, {
      endpoint: `${base}${uploads()}`,
      headers: { Authorization: `Bearer ${owner.tokens.access_token}` },
      metadata: { filename: 'plan.pdf', filetype: 'application/pdf' },
      retryDelays: null,
      onSuccess: () => finished.resolve(upload.url!),
      onError: finished.reject,
      ...options,
    });
    upload.start();
    return finished.promise;
  };
  const attach = (url: string) =>
    owner.post(`${attachments()}/of-uploads`, { upload_id: url.split('/').at(-1), title: 'Plan' });

  const statusOf = (failure: Pick<DetailedError, 'originalResponse'>) =>
    failure.originalResponse?.getStatus();

  async function stored(attachmentId: number): Promise<string> {
    const { rows } = await database.query(
      `select p.content from policy.upload_pieces p join policy.attachments a using (upload_id)
       where a.id = $1 order by p.position`,
      [attachmentId],
    );
    const hash = createHash('sha256');
    for (const { content } of rows) hash.update(content);
    return hash.digest('hex');
  }

  it('uploads in one request and in many, and what came is what was sent', async () => {
    const content = randomBytes(5 * MEBIBYTE + 7);
    for (const chunkSize of [Number.POSITIVE_INFINITY, 700_000]) {
      const { id, filename } = data(await attach(await send(content, { chunkSize })), 201);
      expect(filename).toBe('plan.pdf');
      expect(await stored(id)).toBe(createHash('sha256').update(content).digest('hex'));
    }
  });

  it('goes on where its connection broke', async () => {
    const content = randomBytes(8 * MEBIBYTE);
    const { url: base, broken } = await brokenOnce(4 * MEBIBYTE);
    const offsets: number[] = [];
    const url = await send(content, {
      base,
      retryDelays: [0, 100, 300, 1_000, 3_000],
      onAfterResponse: (request, response) => {
        if (request.getMethod() === 'HEAD') offsets.push(Number(response.getHeader('Upload-Offset')));
      },
    });
    expect(broken()).toBe(true);
    expect(offsets[0]).toBeGreaterThan(0);
    const { id } = data(await attach(url), 201);
    expect(await stored(id)).toBe(createHash('sha256').update(content).digest('hex'));
  });

  it('of two that send one upload at once, sends it with one and is told 409 with the other', async () => {
    const contents = [randomBytes(3 * MEBIBYTE), randomBytes(3 * MEBIBYTE)];
    const headers = { 'tus-resumable': '1.0.0', 'upload-length': String(3 * MEBIBYTE) };
    const begun = await owner.post(uploads(), undefined, { headers }).expect(201);
    const uploadUrl = fleet.url + begun.headers.get('location');
    let waiting = 0;
    const both = Promise.withResolvers<void>();
    const onBeforeRequest: UploadOptions['onBeforeRequest'] = async request => {
      if (request.getMethod() !== 'PATCH') return;
      if (++waiting === 2) both.resolve();
      await both.promise;
    };
    const outcomes = await Promise.all(
      contents.map(content => send(content, { uploadUrl, onBeforeRequest }).then(() => 204, statusOf)),
    );
    expect(outcomes.toSorted()).toEqual([204, 409]);
    const { id } = data(await attach(uploadUrl), 201);
    const sent = contents[outcomes.indexOf(204)]!;
    expect(await stored(id)).toBe(createHash('sha256').update(sent).digest('hex'));
  });

  it('is told 413 beyond the limit, 404 of an organization of others, and 410 when it comes too late', async () => {
    const tooLarge = send(Buffer.from('x'), { uploadSize: 2 * 1024 ** 3 });
    expect(await tooLarge.catch(statusOf)).toBe(413);

    const stranger = await signUp(fleet, 'stranger');
    const headers = { Authorization: `Bearer ${stranger.tokens.access_token}` };
    expect(await send(Buffer.from('x'), { headers }).catch(statusOf)).toBe(404);

    const url = await send(Buffer.from('x'));
    const id = url.split('/').at(-1);
    await database.query("update policy.uploads set expires_at = now() - interval '1 s' where id = $1", [id]);
    // It asks with HEAD, which has no body to tell more by; with the old address it then begins a new upload.
    const told: number[] = [];
    await send(Buffer.from('xy'), {
      uploadUrl: url,
      onAfterResponse: (_, response) => void told.push(response.getStatus()),
    });
    expect(told[0]).toBe(410);
  });
});
