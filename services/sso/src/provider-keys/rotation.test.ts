import { X509Certificate } from 'node:crypto';
import { administrator, expectError, nobody, signedIn, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { verifiedQuery } from '../saml/redirect-signature.ts';
import { samlFrontDoorOf } from '../testing/saml-front-door.ts';
import {
  type SamlIdentityProviderUnderTest,
  startSamlIdentityProvider,
} from '../testing/saml-identity-provider.ts';
import {
  CLIENT,
  type SsoUnderTest,
  startOpenidProvider,
  startSsoUnderTest,
  type Tenant,
} from '../testing/sso-under-test.ts';

const PATH = '/api/v1/sso/providers';

let elsewhere: SamlIdentityProviderUnderTest;
let service: SsoUnderTest;
let acme: Tenant;
let door: ReturnType<typeof samlFrontDoorOf>;
beforeAll(async () => {
  [elsewhere, service] = await Promise.all([startSamlIdentityProvider(), startSsoUnderTest()]);
  acme = await service.tenant();
  door = samlFrontDoorOf(service, elsewhere);
  elsewhere.person = { nameId: `ada@${acme.domain}` };
  elsewhere.behaviour = { sign: 'assertion', encrypt: true, says: {} };
});
afterAll(async () => {
  await service?.stop();
  await elsewhere?.stop();
});

interface Key {
  id: number;
  state: string;
  certificate: string;
  fingerprint: string;
}

const strict = { sign_requests: true, encrypt_assertions: 'required' };
const keysAt = (id: number) => `${PATH}/${id}/keys`;
const list = async (id: number): Promise<Key[]> =>
  (await acme.administrator.get(keysAt(id)).expect(200)).body.data.keys;
const statesOf = async (id: number) => (await list(id)).map(key => [key.id, key.state]);
const make = async (id: number): Promise<Key> =>
  (await acme.administrator.post(keysAt(id)).expect(201)).body.data.key;
const activate = (id: number, key: number, by: TestCaller = acme.administrator) =>
  by.post(`${keysAt(id)}/${key}/activate`);
const remove = (id: number, key: number, by: TestCaller = acme.administrator) =>
  by.delete(`${keysAt(id)}/${key}`);
const audited = async (id: number) =>
  await service.sql<{ action: string; metadata: { key_id: number } }>(
    "select action, metadata from sso.audit_log where action like 'sso.provider.key%' and (metadata ->> 'provider_id')::bigint = ? order by id",
    [id],
  );
const base64Of = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '');
/** Certificates that the metadata of the platform has for a use. */
const published = async (id: number, use: 'signing' | 'encryption') =>
  [...(await door.metadataOf(id)).matchAll(/KeyDescriptor use="(\w+)".*?<ds:X509Certificate>([^<]+)/gs)]
    .filter(([, found]) => found === use)
    .map(([, , base64]) => base64!);
/** Has the identity provider know one certificate of the platform, whatever else is published. */
const registerOnly = async (id: number, { certificate }: Key) => {
  const metadata = await door.metadataOf(id);
  const descriptor = /<md:KeyDescriptor use="encryption">.*?<\/md:KeyDescriptor>/gs;
  const [first] = metadata.match(descriptor)!;
  const own = first!.replace(/(<ds:X509Certificate>)[^<]+/, `$1${base64Of(certificate)}`);
  let rest = 0;
  elsewhere.register(metadata.replace(descriptor, () => (rest++ === 0 ? own : '')));
};
/** Whether the next login request is signed by this key. */
const isSignedBy = async (id: number, { certificate }: Key) => {
  const query = (await door.begin(id)).search.slice(1);
  return verifiedQuery(query, 'SAMLRequest', [certificate]).relayState?.startsWith('page.');
};

describe('a rotation', () => {
  it('refuses no login on its way, and ends with the old key good for nothing', async () => {
    const id = await door.create(acme, strict);
    const [old] = (await list(id)) as [Key];
    expect(await door.signIn(id)).toHaveProperty('code');

    const next = await make(id);
    expect(await statesOf(id)).toEqual([
      [old.id, 'current'],
      [next.id, 'next'],
    ]);
    const both = [old, next].map(({ certificate }) => base64Of(certificate));
    expect(await published(id, 'signing')).toEqual(both);
    expect(await published(id, 'encryption')).toEqual(both);
    expect(await isSignedBy(id, old)).toBe(true);
    for (const known of [old, next]) {
      await registerOnly(id, known);
      expect(await door.signIn(id)).toHaveProperty('code');
    }

    await activate(id, next.id).expect(200);
    expect(await statesOf(id)).toEqual([
      [next.id, 'current'],
      [old.id, 'previous'],
    ]);
    expect(await published(id, 'signing')).toEqual(both.toReversed());
    expect(await published(id, 'encryption')).toEqual([base64Of(next.certificate)]);
    expect(await isSignedBy(id, next)).toBe(true);
    for (const known of [old, next]) {
      await registerOnly(id, known);
      expect(await door.signIn(id)).toHaveProperty('code');
    }

    await remove(id, old.id).expect(200);
    expect(await statesOf(id)).toEqual([[next.id, 'current']]);
    expect(await published(id, 'signing')).toEqual([base64Of(next.certificate)]);
    expect(await service.sql('select id from sso.provider_keys where provider_id = ?', [id])).toHaveLength(1);
    await registerOnly(id, old);
    expect(await door.signIn(id)).toMatchObject({ error: 'SAML_NOT_DECRYPTED' });
    await registerOnly(id, next);
    expect(await door.signIn(id)).toHaveProperty('code');
    expect((await audited(id)).map(({ action, metadata }) => [action, metadata.key_id])).toEqual([
      ['sso.provider.key_created', next.id],
      ['sso.provider.key_activated', next.id],
      ['sso.provider.key_deleted', old.id],
    ]);
  });
  it('finishes logins that were begun and encrypted before the new key signs', async () => {
    const id = await door.create(acme, strict);
    const fields = await door.returned(id);
    await activate(id, (await make(id)).id).expect(200);
    expect(await door.post(id, fields)).toHaveProperty('code');
  });
  it('is called off before it counts, and undone after', async () => {
    const id = await door.create(acme, strict);
    const [old] = (await list(id)) as [Key];
    await remove(id, (await make(id)).id).expect(200);
    expect(await statesOf(id)).toEqual([[old.id, 'current']]);
    const next = await make(id);
    await activate(id, next.id).expect(200);
    const { body } = await activate(id, old.id).expect(200);
    expect(body.data.key).toMatchObject({ id: old.id, state: 'current' });
    expect(await isSignedBy(id, old)).toBe(true);
    expect(await statesOf(id)).toEqual([
      [old.id, 'current'],
      [next.id, 'previous'],
    ]);
  });
  it('is one at a time, however many begin it, say that it counts, and end it at once', async () => {
    const id = await door.create(acme, strict);
    const [old] = (await list(id)) as [Key];
    const ten = async (request: () => PromiseLike<{ status: number }>) =>
      (await Promise.all(Array.from({ length: 10 }, request))).map(({ status }) => status).toSorted();
    expect(await ten(() => acme.administrator.post(keysAt(id)))).toEqual([201, ...Array(9).fill(409)]);
    const next = (await list(id))[1]!;
    expect(await ten(() => activate(id, next.id))).toEqual(Array(10).fill(200));
    expectError(await acme.administrator.post(keysAt(id)), 409, 'NEXT_KEY_THERE');
    expect(await ten(() => remove(id, old.id))).toEqual([200, ...Array(9).fill(404)]);
    expect((await audited(id)).map(({ action }) => action)).toEqual([
      'sso.provider.key_created',
      'sso.provider.key_activated',
      'sso.provider.key_deleted',
    ]);
  });
  it('never leaves a provider without a key', async () => {
    const id = await door.create(acme);
    const [old] = (await list(id)) as [Key];
    expectError(await remove(id, old.id), 409, 'KEY_IN_USE');
    const next = await make(id);
    const answers = await Promise.all([activate(id, next.id), remove(id, next.id), remove(id, old.id)]);
    expect(answers.filter(({ status }) => status >= 500)).toEqual([]);
    expect((await list(id)).filter(({ state }) => state === 'current')).toHaveLength(1);
    expect(await door.metadataOf(id)).toContain('KeyDescriptor');
  });
});

describe('the keys of a provider', () => {
  it('are made twenty times an hour at most, and of another provider all the same', async () => {
    const [id, other] = [await door.create(acme), await door.create(acme)];
    await make(id);
    const answers = await Promise.all(Array.from({ length: 20 }, () => acme.administrator.post(keysAt(id))));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([...Array(19).fill(409), 429]);
    const stranger = (await service.tenant()).administrator;
    expectError(await stranger.post(keysAt(id)), 404, 'PROVIDER_NOT_FOUND');
    await make(other);
  });
  it('are shown with certificate and its end, and never with the private key', async () => {
    const id = await door.create(acme);
    await make(id);
    const { body, text } = await acme.administrator.get(keysAt(id)).expect(200);
    for (const key of body.data.keys) {
      const { fingerprint256, validToDate } = new X509Certificate(key.certificate);
      expect(key).toEqual({
        id: expect.any(Number),
        state: expect.stringMatching(/^(current|next)$/),
        certificate: expect.stringContaining('BEGIN CERTIFICATE'),
        fingerprint: fingerprint256.replaceAll(':', '').toLowerCase(),
        expires_at: validToDate.toISOString(),
        created_at: expect.stringMatching(/Z$/),
      });
    }
    const sealed = await service.sql<{ private_key_sealed: string }>(
      'select private_key_sealed from sso.provider_keys where provider_id = ?',
      [id],
    );
    const said = `${text}${JSON.stringify(await service.sql('select event from sso.outbox'))}`;
    for (const secret of ['PRIVATE KEY', ...sealed.map(({ private_key_sealed }) => private_key_sealed)])
      expect(said).not.toContain(secret);
  });
  it('are changed by an administrator of the organization, in a session that is fresh', async () => {
    const id = await door.create(acme);
    const key = (await make(id)).id;
    const requests = async (by: TestCaller) =>
      await Promise.all([
        by.get(keysAt(id)),
        by.post(keysAt(id)),
        activate(id, key, by),
        remove(id, key, by),
      ]);
    const statuses = async (by: TestCaller) => (await requests(by)).map(({ status }) => status);
    const admin = { userId: 1, organizationId: acme.id };
    expect(await statuses(service.as(nobody()))).toEqual([401, 401, 401, 401]);
    expect(await statuses(service.as(signedIn(admin)))).toEqual([403, 403, 403, 403]);
    expect(await statuses(service.as(administrator({ ...admin, plan: 'individual' })))).toEqual([
      403, 403, 403, 403,
    ]);
    const [shown, ...changes] = await requests(service.as(administrator({ ...admin, authTime: 1 })));
    expect(shown!.status).toBe(200);
    expect(changes.map(({ body }) => body.error.code)).toEqual(Array(3).fill('STEP_UP_REQUIRED'));
    expect((await statesOf(id)).map(([, state]) => state)).toEqual(['current', 'next']);
  });
  it('are of no other organization, of no other provider, and of none that speaks OpenID Connect', async () => {
    const [id, other] = [await door.create(acme), await door.create(acme)];
    const key = (await make(id)).id;
    const stranger = (await service.tenant()).administrator;
    for (const answer of await Promise.all([
      stranger.get(keysAt(id)),
      stranger.post(keysAt(id)),
      activate(id, key, stranger),
      remove(id, key, stranger),
    ]))
      expectError(answer, 404, 'PROVIDER_NOT_FOUND');
    for (const answer of await Promise.all([activate(other, key), remove(other, key)]))
      expectError(answer, 404, 'PROVIDER_KEY_NOT_FOUND');
    expect((await statesOf(id)).map(([, state]) => state)).toEqual(['current', 'next']);
    const openid = await startOpenidProvider();
    const { client_id, client_secret } = CLIENT;
    const third = await service.oidcProvider(acme, openid, { client_id, client_secret });
    for (const answer of await Promise.all([
      acme.administrator.get(keysAt(third)),
      acme.administrator.post(keysAt(third)),
    ]))
      expectError(answer, 404, 'PROVIDER_NOT_FOUND');
    await openid.stop();
  });
  it('sign and decrypt after their certificate has ended, of which the test of the provider warns before', async () => {
    const id = await door.create(acme, strict);
    const codes = async () =>
      (await acme.administrator.post(`${PATH}/${id}/test`)).body.data.test_results.errors.map(
        ({ code }: { code: string }) => code,
      );
    expect(await codes()).toEqual([]);
    for (const end of ["now() + interval '59 days'", "now() - interval '1 day'"]) {
      await service.sql(`update sso.provider_keys set expires_at = ${end} where provider_id = ?`, [id]);
      expect(await codes()).toEqual(['PLATFORM_CERTIFICATE_EXPIRES']);
      expect(await door.signIn(id)).toHaveProperty('code');
    }
  });
});
