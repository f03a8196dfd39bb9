import {
  browser,
  leadsTo,
  type SsoUnderTest,
  startSsoUnderTest,
  type Tenant,
  told,
} from '../sso-under-test.ts';
import { type KeycloakBrowser, keycloakBrowser, type Sent } from './browser.ts';
import { samlMappers } from './mappers.ts';
import { type ClientChange, type KeycloakPerson, type KeycloakRealm, keycloakRealm } from './realm.ts';

const PATH = '/api/v1/sso/providers';

/** What a client is that signs assertions only; clients that are imported sign both, and want more. */
export const SIGNED_ASSERTION = {
  'saml.assertion.signature': 'true',
  'saml.server.signature': 'false',
  'saml.client.signature': 'false',
  'saml.encrypt': 'false',
};

/** The two sides of a provider. */
export interface Pair {
  /** Of the provider, here. */
  id: number;
  /** Of the client, at Keycloak. */
  client: string;
}

export interface SignedIn {
  person: KeycloakPerson;
  sent: Sent;
  /** What the page is told. */
  said: Record<string, string>;
}

export interface KeycloakSamlScene {
  realm: KeycloakRealm;
  service: SsoUnderTest;
  acme: Tenant;
  /** Sets both sides up by the metadata of the other one. */
  provider(client?: ClientChange, settings?: object): Promise<Pair>;
  change(pair: Pair, settings: object): Promise<void>;
  /** Has the client know what the metadata of the platform says now. */
  metadataOf(pair: Pair): Promise<string>;
  someone(groups?: string[]): Promise<KeycloakPerson>;
  /** @returns where a browser is sent that begins a login */
  begin(pair: Pair): Promise<string>;
  post(sent: Sent): Promise<Record<string, string>>;
  /** Somebody new, in a browser of their own, unless given. */
  signIn(
    pair: Pair,
    who?: { person?: KeycloakPerson; groups?: string[]; by?: KeycloakBrowser },
  ): Promise<SignedIn>;
  loginOf(said: Record<string, string>): SsoUnderTest['fleet']['logins'][number];
  // biome-ignore lint/suspicious/noExplicitAny: what the answer holds is what tests are about
  lastAttempt(pair: Pair): Promise<any>;
  stop(): Promise<void>;
}

/** A realm of Keycloak, and an organization whose people are in it. */
export async function keycloakSamlScene(root: string): Promise<KeycloakSamlScene> {
  const [realm, service] = await Promise.all([keycloakRealm(root), startSsoUnderTest()]);
  const acme = await service.tenant();
  const path = ({ id }: Pick<Pair, 'id'>) => `${PATH}/${id}`;
  let people = 0;
  const scene: KeycloakSamlScene = {
    realm,
    service,
    acme,
    async provider(client = {}, settings = {}) {
      const answer = await acme.administrator
        .post(PATH, {
          ...{ provider_type: 'saml', name: 'Keycloak', metadata_url: realm.metadataUrl },
          attribute_mapping: {
            email: 'email',
            given_name: 'firstName',
            family_name: 'lastName',
            groups: 'groups',
          },
          ...settings,
        })
        .expect(201);
      const { id } = answer.body.data.provider;
      const { text } = await service.anonymous.get(`${path({ id })}/metadata`).expect(200);
      const attributes = { ...SIGNED_ASSERTION, ...client.attributes };
      return {
        id,
        client: await realm.samlClient(text, { protocolMappers: samlMappers, ...client, attributes }),
      };
    },
    async change(pair, settings) {
      await acme.administrator.put(path(pair), settings).expect(200);
    },
    metadataOf: async pair => (await service.anonymous.get(`${path(pair)}/metadata`).expect(200)).text,
    someone: groups => realm.person(`person${++people}@${acme.domain}`, groups),
    begin: async pair => leadsTo(await service.anonymous.get(`${path(pair)}/login?${browser().query}`)).href,
    async post({ url, fields }) {
      if (url.origin !== 'http://rivergate.test' || !fields) throw new Error(`Sent to ${url.origin}`);
      return told(
        await service.anonymous.post(url.pathname, undefined, {
          raw: `${new URLSearchParams(fields)}`,
          headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(realm.url).origin },
        }),
      );
    },
    async signIn(pair, { person: known, groups, by = keycloakBrowser(realm.url) } = {}) {
      const person = known ?? (await scene.someone(groups));
      const sent = await by.signIn(await scene.begin(pair), person);
      return { person, sent, said: await scene.post(sent) };
    },
    loginOf(said) {
      const login = service.fleet.logins.find(({ code }) => code === said.code);
      if (!login) throw new Error(`Nobody was signed in: ${JSON.stringify(said)}`);
      return login;
    },
    lastAttempt: async pair =>
      (await acme.administrator.get(`${path(pair)}/attempts?limit=1`).expect(200)).body.data.attempts[0],
    async stop() {
      await service.stop();
      await realm.remove();
    },
  };
  return scene;
}

/** The response, as Keycloak wrote it. */
export const responseIn = ({ fields }: Sent): string =>
  Buffer.from(fields!.SAMLResponse!, 'base64').toString();
