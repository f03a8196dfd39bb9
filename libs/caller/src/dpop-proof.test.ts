import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InvalidDpopProof, useDpopProof, verifyDpopProof } from './dpop.ts';
import { DPOP_WINDOW } from './dpop-proof.ts';
import { type Prover, startProver, unsigned } from './test-dpop.ts';
import { startTestRedis, type TestRedis } from './test-redis.ts';

const request = { method: 'POST', url: 'https://rivergate.example.com/oauth/token' };
const now = () => Math.floor(Date.now() / 1_000);
let client: Prover;
let server: TestRedis;
let redis: Redis;
beforeAll(async () => {
  client = await startProver();
  server = await startTestRedis();
  redis = new Redis(server.url);
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const refused = async (
  proof: string | Promise<string>,
  of: Parameters<typeof verifyDpopProof>[1] = request,
) => expect(verifyDpopProof(await proof, of)).rejects.toThrow(InvalidDpopProof);

describe('a DPoP proof', () => {
  it.each(['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'])('is taken with %s', async algorithm => {
    const { prove, thumbprint } = await startProver(algorithm);
    const { keyThumbprint } = await verifyDpopProof(await prove(request), request);
    expect(keyThumbprint).toBe(thumbprint);
  });

  it.each(['ES384', 'ES512', 'RS384', 'RS512', 'PS512'])('is refused with %s', async algorithm => {
    await refused((await startProver(algorithm)).prove(request));
  });

  it('is refused unsigned, by a shared secret, and by a key other than the one in its header', async () => {
    await refused(unsigned(await client.prove(request)));
    const secret = new TextEncoder().encode('a secret that both sides know of');
    const k = Buffer.from(secret).toString('base64url');
    for (const jwk of [{ kty: 'oct', k }, client.publicJwk])
      await refused(client.prove(request, { header: { alg: 'HS256', jwk }, signWith: secret }));
    const { publicJwk } = await startProver();
    await refused(client.prove(request, { header: { jwk: publicJwk } }));
    const proof = await client.prove(request);
    await refused(`${proof.slice(0, -4)}AAAA`);
  });

  it('is refused with a private key in its header, or a part of one, or none', async () => {
    const { publicJwk, privateJwk } = client;
    const rsa = await startProver('RS256');
    const { p } = rsa.privateJwk;
    for (const jwk of [privateJwk, { ...publicJwk, k: 'AAAA' }, undefined, null, 'text', [publicJwk], {}])
      await refused(client.prove(request, { header: { jwk } }));
    await refused(rsa.prove(request, { header: { jwk: rsa.privateJwk } }));
    await refused(rsa.prove(request, { header: { jwk: { ...rsa.publicJwk, p } } }));
  });

  it('is refused of another type, with extensions that nobody knows, and where it is no JWT', async () => {
    for (const typ of ['JWT', 'at+jwt', undefined]) await refused(client.prove(request, { header: { typ } }));
    await refused(client.prove(request, { header: { crit: ['exp'], exp: 1 } }).catch(() => 'no'));
    for (const text of [
      '',
      'a.b.c',
      'a',
      '..',
      `${await client.prove(request)}, ${await client.prove(request)}`,
    ])
      await refused(text);
    await refused(client.prove(request, { claims: { padding: 'x'.repeat(4_000) } }));
  });

  it('is for one method and one address, without regard to query, fragment and spelling', async () => {
    for (const htm of ['GET', 'post', undefined, 7])
      await refused(client.prove(request, { claims: { htm } }));
    const { url } = request;
    for (const htu of [
      url.replace('https', 'http'),
      url.replace('rivergate', 'other'),
      url.replace('.com', '.com:8443'),
      `${url}/`,
      `${url}/revoke`,
      url.replace('token', 'Token'),
      url.replace('/token', '%2Ftoken'),
      '/oauth/token',
      undefined,
      7,
    ])
      await refused(client.prove(request, { claims: { htu } }));
    for (const htu of [
      `${url}?a=b#c`,
      url.replace('https', 'HTTPS'),
      url.replace('rivergate', 'Rivergate'),
      url.replace('.com', '.com:443'),
      url.replace('token', '%74oken'),
      url.replace('/token', '/./token'),
    ])
      expect(await verifyDpopProof(await client.prove(request, { claims: { htu } }), request)).toBeTruthy();
    const socket = { method: 'GET', url: 'https://rivergate.example.com/live' };
    const htu = 'wss://rivergate.example.com/live';
    expect(await verifyDpopProof(await client.prove(socket, { claims: { htu } }), socket)).toBeTruthy();
  });

  it('is good for a minute before and after its time', async () => {
    for (const iat of [now() - DPOP_WINDOW - 2, now() + DPOP_WINDOW + 2, undefined, 'now', now() * 1_000])
      await refused(client.prove(request, { claims: { iat } }));
    for (const iat of [now() - DPOP_WINDOW + 5, now() + DPOP_WINDOW - 5])
      expect(await verifyDpopProof(await client.prove(request, { claims: { iat } }), request)).toBeTruthy();
    await refused(client.prove(request, { claims: { exp: now() - 10 } }));
  });

  it('is for one access token, where one comes', async () => {
    const accessToken = 'Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU';
    const of = { ...request, accessToken };
    expect(await verifyDpopProof(await client.prove(of), of)).toBeTruthy();
    await refused(client.prove(request), of);
    for (const ath of ['', accessToken, 7, null]) await refused(client.prove(of, { claims: { ath } }), of);
    await refused(client.prove({ ...of, accessToken: 'another' }), of);
  });

  it('names itself', async () => {
    for (const jti of [undefined, '', 7, 'x'.repeat(257)])
      await refused(client.prove(request, { claims: { jti } }));
  });

  it('counts once, out of ten at once, and apart from that of another key', async () => {
    const proof = await verifyDpopProof(await client.prove(request), request);
    const uses = await Promise.all(Array.from({ length: 10 }, () => useDpopProof(redis, proof)));
    expect(uses.filter(Boolean)).toHaveLength(1);
    expect(await useDpopProof(redis, proof)).toBe(false);
    const { thumbprint: keyThumbprint } = await startProver();
    expect(await useDpopProof(redis, { ...proof, keyThumbprint })).toBe(true);
  });

  it('is remembered for longer than it is good', async () => {
    const proof = await verifyDpopProof(await client.prove(request), request);
    const before = new Set(await redis.keys('dpop:*'));
    await useDpopProof(redis, proof);
    const [key] = (await redis.keys('dpop:*')).filter(name => !before.has(name));
    expect(await redis.ttl(key!)).toBeGreaterThan(2 * DPOP_WINDOW);
    expect(key).not.toContain(proof.id);
  });
});
