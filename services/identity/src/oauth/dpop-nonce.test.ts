import { type Prover, startProver } from '@rivergate/caller/test-dpop';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type IdentityUnderTest, startIdentityUnderTest } from '../testing/identity-under-test.ts';
import { ISSUER, oauthFixture, refusal, type TestApplication } from '../testing/oauth-fixture.ts';

let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
let application: TestApplication;
let client: Prover;
beforeAll(async () => {
  identity = await startIdentityUnderTest({ DPOP_NONCE_REQUIRED: 'true' });
  oauth = oauthFixture(identity);
  [application, client] = [await oauth.application(), await startProver()];
});
afterAll(() => identity?.stop());

const ask = async (nonce?: unknown, jti?: string) => {
  const request = { method: 'POST', url: `${ISSUER}/oauth/token` };
  const claims = { ...(nonce === undefined ? {} : { nonce }), ...(jti === undefined ? {} : { jti }) };
  const dpop = await client.prove(request, { claims });
  const form = oauth.form({ ...oauth.credentials(application), grant_type: 'client_credentials' });
  return oauth.send('/oauth/token', form, undefined, { dpop });
};

it('a proof has to repeat the nonce that it is told, where that is required', async () => {
  const refused = await ask();
  expect(refusal(refused)).toEqual([400, 'use_dpop_nonce']);
  const nonce = refused.headers.get('dpop-nonce')!;
  for (const wrong of ['', 'invented', nonce.slice(1), `${nonce}0`]) {
    const answer = await ask(wrong);
    expect(refusal(answer)).toEqual([400, 'use_dpop_nonce']);
    expect(answer.headers.get('dpop-nonce')).toMatch(/^[\w-]{43}$/);
  }
  expect(refusal(await ask(7))).toEqual([400, 'invalid_dpop_proof']);
  const good = await ask(nonce, 'once');
  expect([good.status, good.body.token_type]).toEqual([200, 'DPoP']);
  expect(good.headers.get('dpop-nonce')).toMatch(/^[\w-]{43}$/);
  // A nonce is no licence to use a proof again.
  expect(refusal(await ask(nonce, 'once'))).toEqual([400, 'invalid_dpop_proof']);
  expect((await ask(nonce)).status).toBe(200);
});

it('who sends no proof needs no nonce', async () => {
  const answer = await oauth.token(application, { grant_type: 'client_credentials' });
  expect([answer.status, answer.headers.get('dpop-nonce')]).toEqual([200, null]);
});
