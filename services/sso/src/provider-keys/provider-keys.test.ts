import { createPublicKey, X509Certificate } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type SamlIdentityProviderUnderTest,
  startSamlIdentityProvider,
} from '../testing/saml-identity-provider.ts';
import { type SsoUnderTest, startSsoUnderTest, type Tenant } from '../testing/sso-under-test.ts';
import type { KeyRow } from './key-store.ts';

const PATH = '/api/v1/sso/providers';

let elsewhere: SamlIdentityProviderUnderTest;
let service: SsoUnderTest;
let acme: Tenant;
beforeAll(async () => {
  [elsewhere, service] = await Promise.all([startSamlIdentityProvider(), startSsoUnderTest()]);
  acme = await service.tenant();
});
afterAll(async () => {
  await service?.stop();
  await elsewhere?.stop();
});

async function create(more: object = {}, by = acme): Promise<number> {
  const body = { provider_type: 'saml', name: 'Corporate', metadata_url: elsewhere.metadataUrl, ...more };
  const answer = await by.administrator.post(PATH, body);
  if (answer.status !== 201) throw new Error(answer.text);
  return answer.body.data.provider.id;
}
const metadataOf = async (id: number) =>
  (await service.anonymous.get(`${PATH}/${id}/metadata`).expect(200)).text;
const certificatesIn = (metadata: string) =>
  [...metadata.matchAll(/X509Certificate>([^<]+)</g)].map(
    ([, base64]) => new X509Certificate(Buffer.from(base64!, 'base64')),
  );
const kept = async (id: number) =>
  await service.sql<KeyRow>('select * from sso.provider_keys where provider_id = ?', [id]);

describe('the key of the platform for a SAML provider', () => {
  it('is one, however many need the first at once', async () => {
    const id = await create();
    const published = await Promise.all(Array.from({ length: 10 }, () => metadataOf(id)));
    expect(new Set(published).size).toBe(1);
    expect(await kept(id)).toHaveLength(1);
  });
  it('is another one for each provider, and lasts as long as the provider', async () => {
    const ids = [await create(), await create()];
    const published = (await Promise.all(ids.map(metadataOf))).flatMap(certificatesIn);
    expect(new Set(published.map(({ fingerprint256 }) => fingerprint256)).size).toBe(2);
    await acme.administrator.delete(`${PATH}/${ids[0]}`).expect(200);
    expect(await Promise.all(ids.map(kept))).toEqual([[], [expect.anything()]]);
  });
  it('is an RSA key of 3072 bits with a certificate by itself, SHA-256, for ten years', async () => {
    const [certificate] = certificatesIn(await metadataOf(await create()));
    const { publicKey, validFromDate, validToDate, ca, subject } = certificate!;
    expect(publicKey.asymmetricKeyDetails!.modulusLength).toBe(3_072);
    expect(certificate!.verify(publicKey)).toBe(true);
    expect(certificate!.signatureAlgorithm).toBe('sha256WithRSAEncryption');
    expect([ca, subject]).toEqual([false, expect.stringMatching(/^CN=Rivergate provider \d+$/)]);
    const years = (validToDate.getTime() - validFromDate.getTime()) / (365.25 * 86_400_000);
    expect(years).toBeCloseTo(10, 1);
  });
  it('is kept sealed, bound to its provider, and said nowhere', async () => {
    const id = await create();
    const [row] = [await metadataOf(id), ...(await kept(id))].slice(1) as KeyRow[];
    expect(row!.private_key_sealed).not.toContain('PRIVATE KEY');
    expect(() => createPublicKey(row!.private_key_sealed)).toThrow();
    const shown = [
      await metadataOf(id),
      (await acme.administrator.get(`${PATH}/${id}`)).text,
      JSON.stringify(await service.sql('select * from sso.audit_log')),
      JSON.stringify(await service.sql('select * from sso.outbox')),
    ].join();
    expect(shown).not.toMatch(/PRIVATE KEY/);
    expect(shown).not.toContain(row!.private_key_sealed);
    // What somebody who can write rows would try: the key of a provider of their own in place of another's.
    const [other] = [await create()];
    await metadataOf(other!);
    await service.sql('update sso.provider_keys set private_key_sealed = ? where provider_id = ?', [
      row!.private_key_sealed,
      other!,
    ]);
    const answer = await service.anonymous.get(`${PATH}/${other}/metadata`);
    expect([answer.status, answer.text.includes('KeyDescriptor')]).toEqual([500, false]);
  });
});
