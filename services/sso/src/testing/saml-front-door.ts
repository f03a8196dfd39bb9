import type { SamlIdentityProviderUnderTest } from './saml-identity-provider.ts';
import {
  type BrowserUnderTest,
  browser,
  leadsTo,
  type SsoUnderTest,
  type Tenant,
  told,
} from './sso-under-test.ts';

const PATH = '/api/v1/sso/providers';

/** The way in by a SAML provider, as browsers go. */
export function samlFrontDoor(service: SsoUnderTest) {
  const metadataOf = async (id: number): Promise<string> =>
    (await service.anonymous.get(`${PATH}/${id}/metadata`).expect(200)).text;
  const begin = async (id: number, from: BrowserUnderTest = browser()) =>
    leadsTo(await service.anonymous.get(`${PATH}/${id}/login?${from.query}`));
  const post = async (id: number, fields: Record<string, string>) =>
    told(
      await service.anonymous.post(`${PATH}/${id}/acs`, undefined, {
        raw: `${new URLSearchParams(fields)}`,
        headers: { 'content-type': 'application/x-www-form-urlencoded' },
      }),
    );
  return { metadataOf, begin, post };
}

/** As samlFrontDoor, with an identity provider behind it. */
export function samlFrontDoorOf(service: SsoUnderTest, elsewhere: SamlIdentityProviderUnderTest) {
  const door = samlFrontDoor(service);
  const { metadataOf, begin, post } = door;
  return {
    ...door,
    /** Sets up a provider at which the identity provider knows the platform. */
    async create(by: Tenant, more: object = {}): Promise<number> {
      const body = { provider_type: 'saml', name: 'Corporate', metadata_url: elsewhere.metadataUrl, ...more };
      const answer = await by.administrator.post(PATH, body);
      if (answer.status !== 201) throw new Error(answer.text);
      const { id } = answer.body.data.provider;
      elsewhere.register(await metadataOf(id));
      return id;
    },
    /** What a browser comes back with from where a login sends it. */
    returned: async (id: number) => (await elsewhere.signIn((await begin(id)).href)).fields,
    /** What the page is told of a login. */
    signIn: async (id: number) => post(id, (await elsewhere.signIn((await begin(id)).href)).fields),
  };
}
