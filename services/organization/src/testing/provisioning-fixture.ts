import { fellowService, type TestAnswer, type TestCaller } from '@rivergate/testing';
import { type DomainFixture, domainFixture } from './domain-fixture.ts';
import type { Founded, OrganizationUnderTest } from './organization-under-test.ts';

/** An organization with a verified domain, and sso, which brings people into it. */
export interface ProvisioningFixture {
  domains: DomainFixture;
  service: OrganizationUnderTest;
  sso: TestCaller;
  acme: Founded;
  /** Which Acme has verified. */
  domain: string;
  newAddress(domain?: string): string;
  bring(email: string, more?: object, organization?: Pick<Founded, 'id'>): Promise<TestAnswer>;
  change(userId: number, body: object, organization?: Founded): Promise<TestAnswer>;
  remove(userId: number, organization?: Founded): Promise<TestAnswer>;
  /** Another organization, of somebody else. */
  other(): Promise<Founded & { name: string }>;
  /** A member whose account the organization manages. @returns the user's id */
  managed(email?: string, more?: object): Promise<number>;
  member(userId: number, organization?: Founded): Promise<Record<string, unknown> | undefined>;
  setRoles(userId: number, roles: object[], more?: object): Promise<TestAnswer>;
  /** Role, workspace and sources of each assignment, the oldest first. */
  rolesOf(userId: number): Promise<[number, number | null, string[] | null][]>;
  stop(): Promise<void>;
}

export const provisionedMembersPath = ({ id }: Pick<Founded, 'id'>, more = '') =>
  `/internal/organizations/${id}/provisioned-members${more}`;

/** Status and code of a refusal. */
export const refusal = ({ body, status }: TestAnswer) => [status, body.error?.code];

export async function provisioningFixture(): Promise<ProvisioningFixture> {
  const domains = await domainFixture({ RATE_LIMIT_TAKEN_ADDRESS: 'off' });
  const { service } = domains;
  const sso = service.as(fellowService('sso'));
  const acme = await service.found(await service.person('Ada'), 'Acme');
  const { domain } = await domains.verified(acme);
  let addresses = 0;
  let others = 0;
  const fixture: ProvisioningFixture = {
    domains,
    service,
    sso,
    acme,
    domain,
    newAddress: (at = domain) => `someone${++addresses}@${at}`,
    bring: async (email, more = {}, organization = acme) =>
      await sso.post(provisionedMembersPath(organization), {
        email,
        display_name: 'Some One',
        source: 'scim',
        ...more,
      }),
    change: async (userId, body, organization = acme) =>
      await sso.patch(provisionedMembersPath(organization, `/${userId}`), body),
    remove: async (userId, organization = acme) =>
      await sso.delete(provisionedMembersPath(organization, `/${userId}`)),
    async other() {
      const name = `Other ${++others}`;
      return { ...(await service.found(await service.person('Olga'), name)), name };
    },
    async managed(email = fixture.newAddress(), more = {}) {
      const { body, status, text } = await fixture.bring(email, more);
      if (status !== 200) throw new Error(text);
      return body.data.user_id;
    },
    async member(userId, { id } = acme) {
      const [row] = await service.sql<Record<string, unknown>>(
        'select * from organization.memberships where organization_id = ? and user_id = ?',
        [id, userId],
      );
      return row;
    },
    setRoles: async (userId, roles, more = {}) =>
      await sso.put(provisionedMembersPath(acme, `/${userId}/roles`), {
        source: 'scim',
        provider_id: null,
        roles,
        ...more,
      }),
    async rolesOf(userId) {
      const rows = await service.sql<{
        role_id: number;
        workspace_id: number | null;
        sources: string[] | null;
      }>(
        `select role_id::int, workspace_id::int, sources from organization.role_assignments
         where organization_id = ? and user_id = ? order by id`,
        [acme.id, userId],
      );
      return rows.map(({ role_id, workspace_id, sources }) => [role_id, workspace_id, sources]);
    },
    stop: async () => await domains.stop(),
  };
  return fixture;
}
