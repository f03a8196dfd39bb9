import { connect } from 'node:net';
import { type Prover, startProver, unsigned } from '@rivergate/caller/test-dpop';
import { startPrivateRedis } from '@rivergate/caller/test-redis';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type RunningGateway, startGateway } from '../gateway.ts';
import { testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

const PUBLIC_URL = 'http://gateway.test';
const PATH = '/api/v1/things';
let fleet: TestFleet;
let other: RunningGateway;
let client: Prover;
beforeAll(async () => {
  fleet = await startTestFleet(
    [
      testRoute('GET', PATH),
      testRoute('POST', PATH),
      testRoute('GET', '/api/v1/open', { caller: 'public' }),
      testRoute('GET', '/api/v1/live', { upgrade: 'websocket' }),
    ],
    { redis: await startPrivateRedis() },
  );
  other = await startGateway(fleet.env);
  client = await startProver();
});
afterAll(async () => {
  await other.stop();
  await fleet.stop();
});

let token: string;
beforeEach(async () => {
  token = await issue();
});

/** A token of an OAuth client that acts for a user. */
async function issue(key_thumbprint: string | null = client.thumbprint): Promise<string> {
  const { userId: user_id, organizationId: organization_id } = await fleet.signIn();
  const issued = await fleet.token({ sub: String(user_id), client_id: 'app' });
  const facts = { user_id, organization_id, client_id: 'app', bound: true, scopes: ['read', 'write'] };
  return fleet.issueToken({ ...facts, key_thumbprint }, issued);
}

const reading = (accessToken = token) => ({ method: 'GET', url: PUBLIC_URL + PATH, accessToken });
const send = (
  dpop: string | undefined,
  { at = fleet.url, path = PATH, scheme = 'DPoP', by = token, method = 'GET' } = {},
) =>
  fetch(at + path, {
    method,
    headers: { authorization: `${scheme} ${by}`, ...(dpop === undefined ? {} : { dpop }) },
  });
const status = async (...request: Parameters<typeof send>) => (await send(...request)).status;

describe('a token that is bound to a key', () => {
  it('comes with a proof for each request, by the scheme DPoP in whatever case', async () => {
    for (const scheme of ['DPoP', 'dpop', 'DPOP'])
      expect(await status(await client.prove(reading()), { scheme })).toBe(200);
    const url = `${PUBLIC_URL}${PATH}?page=2`;
    expect(await status(await client.prove({ ...reading(), url }), { path: `${PATH}?page=2` })).toBe(200);
    expect(await status(await client.prove(reading()), { path: `${PATH}?page=2` })).toBe(200);
  });

  it('is refused by the scheme Bearer, with a proof and without', async () => {
    for (const dpop of [undefined, await client.prove(reading())]) {
      const answer = await send(dpop, { scheme: 'Bearer' });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(
        /^Bearer error="invalid_token", resource_metadata="[^"]*", DPoP algs="ES256 /,
      );
    }
  });

  it('is refused without a proof, and by whoever stole it and has another key', async () => {
    const thief = await startProver();
    const answers = [await send(undefined), await send(await thief.prove(reading()))];
    const challenges = answers.map(({ headers }) => headers.get('www-authenticate'));
    expect(answers.map(answer => answer.status)).toEqual([401, 401]);
    expect(challenges[0]).toMatch(/^DPoP error="invalid_dpop_proof", algs="ES256 /);
    expect(challenges[1]).toMatch(/^DPoP error="invalid_token", algs="ES256 /);
    const header = { jwk: client.publicJwk };
    expect(await status(await thief.prove(reading(), { header }))).toBe(401);
  });

  it('is refused with a proof for another method, address or token, or a wrong one', async () => {
    const wrong = [
      { ...reading(), method: 'POST' },
      { ...reading(), url: `${PUBLIC_URL}/api/v1/open` },
      { ...reading(), url: fleet.url + PATH },
      reading(await issue()),
      { method: 'GET', url: PUBLIC_URL + PATH },
    ];
    for (const request of wrong) expect(await status(await client.prove(request))).toBe(401);
    const secret = new TextEncoder().encode('a secret that both sides know of');
    const iat = Math.floor(Date.now() / 1_000);
    for (const proof of [
      unsigned(await client.prove(reading())),
      await client.prove(reading(), { header: { alg: 'HS256' }, signWith: secret }),
      await client.prove(reading(), { header: { jwk: client.privateJwk } }),
      await client.prove(reading(), { claims: { iat: iat - 90 } }),
      await client.prove(reading(), { claims: { iat: iat + 90 } }),
      'x',
      'x'.repeat(10_000),
      `${await client.prove(reading())}, ${await client.prove(reading())}`,
    ])
      expect(await status(proof)).toBe(401);
    expect(await status(await client.prove({ ...reading(), method: 'POST' }), { method: 'POST' })).toBe(200);
  });

  it('takes a proof once, out of ten at once and over all gateways', async () => {
    const proof = await client.prove(reading());
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => status(proof, { at: index % 2 ? fleet.url : other.url })),
    );
    expect(answers.toSorted()).toEqual([200, ...Array(9).fill(401)]);
    expect(await status(proof)).toBe(401);
    expect(await status(await client.prove(reading()))).toBe(200);
  });

  it('is refused with 503 while nobody can know whether its proof was used', async () => {
    const proofs = await Promise.all([1, 2].map(() => client.prove(reading())));
    expect(await status(await client.prove(reading()))).toBe(200);
    await fleet.redis.replicaof('127.0.0.1', 1);
    try {
      expect(await status(proofs[0])).toBe(503);
    } finally {
      await fleet.redis.replicaof('NO', 'ONE');
    }
    expect(await status(proofs[1])).toBe(200);
  });

  it('opens a WebSocket with a proof, and none without', async () => {
    fleet.storage.upgrade = (_, socket) =>
      void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
    const url = `${PUBLIC_URL.replace('http', 'ws')}/api/v1/live`;
    const live = { method: 'GET', url, accessToken: token };
    expect(await handshake('Bearer')).toContain(' 401 ');
    expect(await handshake('DPoP')).toContain(' 401 ');
    expect(await handshake('DPoP', await client.prove(reading()))).toContain(' 401 ');
    const proof = await client.prove(live);
    // The service's own answer: it was reached.
    expect(await handshake('DPoP', proof)).toContain(' 403 ');
    expect(await handshake('DPoP', proof)).toContain(' 401 ');
  });
});

describe('a token that is bound to none', () => {
  it('is refused by the scheme DPoP, and needs no proof by Bearer', async () => {
    const [free, session] = [await issue(null), (await fleet.signIn()).token];
    for (const by of [free, session]) {
      const answer = await send(await client.prove(reading(by)), { by });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toMatch(/^DPoP error="invalid_token"/);
      expect(await status(undefined, { by, scheme: 'Bearer' })).toBe(200);
    }
  });
});

/** @returns the status line */
function handshake(scheme: string, dpop?: string): Promise<string> {
  const { hostname, port } = new URL(fleet.url);
  const lines = [
    'GET /api/v1/live HTTP/1.1',
    'Host: gateway.test',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    `Authorization: ${scheme} ${token}`,
    ...(dpop === undefined ? [] : [`DPoP: ${dpop}`]),
  ];
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(`${lines.join('\r\n')}\r\n\r\n`));
    socket.once('data', chunk => {
      resolve(String(chunk).split('\r\n')[0]!);
      socket.destroy();
    });
    socket.once('error', reject);
  });
}
