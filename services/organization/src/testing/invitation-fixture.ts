import type { TestAnswer } from '@rivergate/testing';
import type { Founded, OrganizationUnderTest, Person } from './organization-under-test.ts';

export const INVITATIONS = '/api/v1/invitations';

/** An administrator who creates organizations and invites people into them. */
export interface InvitationFixture {
  administrator: Person;
  /** A new organization of the administrator. */
  found(): Promise<Founded>;
  invite(organization: Founded, email: string, more?: object): Promise<TestAnswer>;
  /** As invite, and gives what only the inviter is shown. */
  invited(organization: Founded, email: string, more?: object): Promise<{ id: number; token: string }>;
  /** Makes an invitation expire. */
  lapse(invitationId: number): Promise<unknown>;
  /** A member with a role that may invite but holds little else. */
  inviterIn(organization: Founded, permissions?: string[]): Promise<{ person: Person; roleId: number }>;
}

export const invitePath = (organization: Founded) =>
  `/api/v1/organizations/${organization.id}/members/invite`;

export const invitationBody = (organization: Founded, email: string, more: object = {}) => ({
  email,
  workspace_id: organization.workspaceId,
  role_id: organization.roles.Viewer,
  ...more,
});

/** Status and error code of an answer. */
export const outcome = (answer: TestAnswer) => [answer.status, answer.body.error?.code];

export async function invitationFixture(service: OrganizationUnderTest): Promise<InvitationFixture> {
  const administrator = await service.person('Ada');
  let founded = 0;
  const fixture: InvitationFixture = {
    administrator,
    found: () => service.found(administrator, `Organization ${++founded}`),
    async invite(organization, email, more = {}) {
      const admin = await service.member(organization.administrator, organization.id);
      return await admin.post(invitePath(organization), invitationBody(organization, email, more));
    },
    invited: async (organization, email, more = {}) =>
      (await fixture.invite(organization, email, more)).body.data.invitation,
    lapse: id =>
      service.sql(
        "update organization.invitations set expires_at = now() - interval '1 second' where id = ?",
        [id],
      ),
    async inviterIn(organization, permissions = ['member.invite', 'workspace.read']) {
      const person = await service.person('Inviter');
      const list = permissions.map(permission => `"${permission}"`).join(',');
      const [role] = await service.sql<{ id: number }>(
        `insert into organization.roles (organization_id, name, name_key, name_skeleton, permissions)
         values (?, ?, ?, ?, ?::text[]) returning id`,
        [
          organization.id,
          `Inviter ${person.userId}`,
          `inviter ${person.userId}`,
          `inviter ${person.userId}`,
          `{${list}}`,
        ],
      );
      await service.join(organization, person, role!.id);
      return { person, roleId: role!.id };
    },
  };
  return fixture;
}
