import { dpopNonces } from '@rivergate/caller/dpop';
import { sharedKey } from '@rivergate/caller/internal-keys';
import { type Prover, startProver } from '@rivergate/caller/test-dpop';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { type RunningGateway, startGateway } from '../gateway.ts';
import { testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

const PUBLIC_URL = 'http://gateway.test';
const PATH = '/api/v1/things';
const APP = 'https://app.example.com';
let fleet: TestFleet;
let other: RunningGateway;
let client: Prover;
let token: string;
beforeAll(async () => {
  const env = { DPOP_NONCE_REQUIRED: 'true', CORS_ORIGINS: APP };
  fleet = await startTestFleet([testRoute('GET', PATH)], { env });
  other = await startGateway(fleet.env);
  client = await startProver();
  const { userId: user_id, organizationId: organization_id } = await fleet.signIn();
  const issued = await fleet.token({ sub: String(user_id), client_id: 'app' });
  const facts = { user_id, organization_id, client_id: 'app', bound: true, scopes: ['read'] };
  token = await fleet.issueToken({ ...facts, key_thumbprint: client.thumbprint }, issued);
});
afterEach(() => void vi.useRealTimers());
afterAll(async () => {
  await other?.stop();
  await fleet?.stop();
});

const prove = (nonce?: unknown) =>
  client.prove(
    { method: 'GET', url: PUBLIC_URL + PATH, accessToken: token },
    nonce === undefined ? {} : { claims: { nonce } },
  );
const send = (dpop: string, at = fleet.url) =>
  fetch(at + PATH, { headers: { authorization: `DPoP ${token}`, dpop, origin: APP } });
const told = ({ headers }: Response) => headers.get('dpop-nonce');

it('a proof without a nonce is told the one to repeat, which is good at all gateways and gets it through', async () => {
  const refused = await send(await prove());
  expect(refused.status).toBe(401);
  expect(refused.headers.get('www-authenticate')).toMatch(/^DPoP error="use_dpop_nonce", algs="ES256 /);
  expect(refused.headers.get('access-control-expose-headers')).toContain('DPoP-Nonce');
  const nonce = told(refused)!;
  const answers = await Promise.all([fleet.url, other.url].map(async at => send(await prove(nonce), at)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200]);
  // There is nothing new to tell.
  expect(answers.map(told)).toEqual([null, null]);
});

it('a nonce that is none is refused, and so is a proof that comes a second time, with a nonce too', async () => {
  const nonce = told(await send(await prove()))!;
  for (const wrong of ['', 'invented', `${nonce}0`, nonce.slice(1)]) {
    const answer = await send(await prove(wrong));
    expect([answer.status, told(answer)]).toEqual([401, nonce]);
  }
  expect((await send(await prove(7))).headers.get('www-authenticate')).toContain('invalid_dpop_proof');
  const proof = await prove(nonce);
  const twice = await Promise.all([send(proof), send(proof, other.url)]);
  expect(twice.map(({ status }) => status).toSorted()).toEqual([200, 401]);
  expect(twice.find(({ status }) => status === 401)!.headers.get('www-authenticate')).toContain(
    'error="invalid_dpop_proof"',
  );
});

it('the nonce before is taken for as long again, and the answer says the next one', async () => {
  const before = told(await send(await prove()))!;
  vi.useFakeTimers({ now: Date.now() + 300_000, toFake: ['Date'] });
  const answer = await send(await prove(before));
  const next = told(answer)!;
  expect([answer.status, next]).toEqual([200, expect.not.stringMatching(before)]);
  const nonces = dpopNonces(sharedKey(fleet.env, 'identity', 'DPoP nonce'));
  expect(nonces.isFresh(next)).toBe(true);
  vi.setSystemTime(Date.now() + 300_000);
  expect((await send(await prove(before))).status).toBe(401);
});
