import { randomBytes } from 'node:crypto';
import { type Administration, administration } from './administration.ts';

const KEY_PROVIDER = 'org.keycloak.keys.KeyProvider';
export const PASSWORD = 'only-for-tests';

export interface KeycloakPerson {
  id: string;
  username: string;
  email: string;
}

/** A realm that no other test sees. */
export interface KeycloakRealm {
  /** Of the realm: the issuer of OpenID Connect, and the entity ID of SAML. */
  url: string;
  metadataUrl: string;
  /** Below the realm. */
  admin: Administration;
  person(email: string, groups?: string[]): Promise<KeycloakPerson>;
  /** Makes it know a SAML service provider as its administrators do, by metadata. @returns the id */
  samlClient(metadata: string, more?: ClientChange): Promise<string>;
  oidcClient(
    client: { clientId: string; secret: string; redirectUri: string } & ClientChange,
  ): Promise<string>;
  change(client: string, change: ClientChange): Promise<void>;
  /** Publishes one more key. @returns what has it sign by that from then on; the old one is published on, or not at all */
  nextKey(): Promise<(old: 'published' | 'gone') => Promise<void>>;
  remove(): Promise<void>;
}

export interface ClientChange {
  attributes?: Record<string, string>;
  protocolMappers?: object[];
}

export async function keycloakRealm(root: string): Promise<KeycloakRealm> {
  const name = `rivergate-${randomBytes(6).toString('hex')}`;
  const ask = administration(root);
  await ask('POST', '', { realm: name, enabled: true });
  const url = `${new URL(root).origin}/realms/${name}`;
  const admin: Administration = (method, path, body) => ask(method, `/${name}${path}`, body);
  let people = 0;

  async function group(of: string): Promise<void> {
    const found: { name: string }[] = await admin('GET', `/groups?exact=true&search=${of}`);
    if (found.length === 0) await admin('POST', '/groups', { name: of });
  }
  return {
    url,
    metadataUrl: `${url}/protocol/saml/descriptor`,
    admin,
    async person(email, groups = []) {
      for (const one of groups) await group(one);
      const username = `person${++people}`;
      const id = await admin('POST', '/users', {
        ...{ username, email, firstName: 'Ada', lastName: `Łovelace ${people}` },
        ...{ enabled: true, emailVerified: true, groups: groups.map(one => `/${one}`) },
        credentials: [{ type: 'password', value: PASSWORD, temporary: false }],
      });
      return { id, username, email };
    },
    async samlClient(metadata, more = {}) {
      const described = await admin('POST', '/client-description-converter', metadata);
      return await admin('POST', '/clients', merged(described, more));
    },
    oidcClient: ({ clientId, secret, redirectUri, ...more }) =>
      admin(
        'POST',
        '/clients',
        merged(
          { clientId, secret, redirectUris: [redirectUri], protocol: 'openid-connect', publicClient: false },
          more,
        ),
      ),
    async change(client, change) {
      await admin('PUT', `/clients/${client}`, merged(await admin('GET', `/clients/${client}`), change));
    },
    async nextKey() {
      const before: KeyComponent[] = await admin('GET', `/components?type=${KEY_PROVIDER}`);
      const signing = before.filter(
        ({ providerId, config }) => providerId === 'rsa-generated' && config.active?.[0] !== 'false',
      );
      const priority = Math.max(...signing.map(({ config }) => Number(config.priority?.[0] ?? 0))) + 1;
      const next = {
        name: `key-${priority}`,
        ...{ providerId: 'rsa-generated', providerType: KEY_PROVIDER },
        config: { priority: [`${priority}`], algorithm: ['RS256'], enabled: ['true'], active: ['false'] },
      };
      const id = await admin('POST', '/components', next);
      return async old => {
        const change = (component: { config: object }, path: string, config: object) =>
          admin('PUT', path, { ...component, config: { ...component.config, ...config } });
        await change({ id, ...next } as never, `/components/${id}`, { active: ['true'] });
        for (const one of signing)
          await change(one, `/components/${one.id}`, {
            active: ['false'],
            enabled: [`${old === 'published'}`],
          });
      };
    },
    remove: () => admin('DELETE', ''),
  };
}

interface KeyComponent {
  id: string;
  providerId: string;
  config: Record<string, string[]>;
}

const merged = (client: ClientChange & Record<string, unknown>, change: ClientChange) => ({
  ...client,
  ...change,
  attributes: { ...client.attributes, ...change.attributes },
});
