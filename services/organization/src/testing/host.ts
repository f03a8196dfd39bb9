import type { TestAnswer } from '@rivergate/testing';
import type { Founded, Person, Town } from './town.ts';

export const INVITATIONS = '/api/v1/invitations';

/** Someone who founds organizations and invites people into them. */
export interface Host {
  administrator: Person;
  /** A new organization of the host's. */
  found(): Promise<Founded>;
  invite(organization: Founded, email: string, more?: object): Promise<TestAnswer>;
  /** As invite, and gives what only the inviter is shown. */
  invited(organization: Founded, email: string, more?: object): Promise<{ id: number; token: string }>;
  /** Lets the time of an invitation run out. */
  lapse(invitationId: number): Promise<unknown>;
  /** A member with a role that may invite but holds little else. */
  inviterIn(organization: Founded, permissions?: string[]): Promise<{ person: Person; roleId: number }>;
}

export const invitePath = (organization: Founded) =>
  `/api/v1/organizations/${organization.id}/members/invite`;

export const wish = (organization: Founded, email: string, more: object = {}) => ({
  email,
  workspace_id: organization.workspaceId,
  role_id: organization.roles.Viewer,
  ...more,
});

/** Status and error code of an answer. */
export const outcome = (answer: TestAnswer) => [answer.status, answer.body.error?.code];

export async function hostIn(town: Town): Promise<Host> {
  const administrator = await town.person('Ada');
  let founded = 0;
  const host: Host = {
    administrator,
    found: () => town.found(administrator, `Organization ${++founded}`),
    async invite(organization, email, more = {}) {
      const admin = await town.member(organization.administrator, organization.id);
      return await admin.post(invitePath(organization), wish(organization, email, more));
    },
    invited: async (organization, email, more = {}) =>
      (await host.invite(organization, email, more)).body.data.invitation,
    lapse: id =>
      town.sql("update organization.invitations set expires_at = now() - interval '1 second' where id = ?", [
        id,
      ]),
    async inviterIn(organization, permissions = ['member.invite', 'workspace.read']) {
      const person = await town.person('Inviter');
      const list = permissions.map(permission => `"${permission}"`).join(',');
      const [role] = await town.sql<{ id: number }>(
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
      await town.join(organization, person, role!.id);
      return { person, roleId: role!.id };
    },
  };
  return host;
}
