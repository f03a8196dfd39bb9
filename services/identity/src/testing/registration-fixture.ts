import type { TestAnswer } from '@rivergate/testing';
import type { IdentityUnderTest } from './identity-under-test.ts';
import type { TestApplication } from './oauth-fixture.ts';

/** What tests of clients that register themselves do again and again. */
export function registrationFixture(identity: IdentityUnderTest) {
  const fixture = {
    path: ({ organizationId }: TestApplication) =>
      `/api/v1/organizations/${organizationId}/oauth-registration-tokens`,

    /** A token by which one client of the organization registers itself. */
    async issue(organization: TestApplication, more: object = {}) {
      const wanted = { name: 'Token', scopes: ['read'], ...more };
      return (await organization.admin.post(fixture.path(organization), wanted).expect(201)).body.data;
    },

    send(
      method: 'get' | 'post' | 'put' | 'delete',
      path: string,
      body: object | undefined,
      authorization?: string,
    ): PromiseLike<TestAnswer> {
      const headers: Record<string, string> = authorization === undefined ? {} : { authorization };
      const by = identity.anonymous();
      return method === 'get' ? by.get(path, { headers }) : by[method](path, body, { headers });
    },

    register: (metadata: object, token?: string) =>
      fixture.send('post', '/oauth/register', metadata, token && `Bearer ${token}`),
  };
  return fixture;
}
