import { randomUUID } from 'node:crypto';
import {
  type CloudEvent,
  dataSchemaOf,
  type EventData,
  type EventDeclaration,
  topicOf,
  userVerified,
} from '@rivergate/events';
import { connectDatabase } from '@rivergate/service';
import {
  administrator,
  fellowService,
  nobody,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
  type TestCaller,
} from '@rivergate/testing';
import { organization } from '../service.ts';
import { type IdentityStandIn, identityStandIn, ssoStandIn } from './stand-ins.ts';

export interface Person {
  userId: number;
  email: string;
  name: string;
}

export interface Founded {
  id: number;
  workspaceId: number;
  roles: Record<'Admin' | 'Developer' | 'Viewer', number>;
  administrator: Person;
}

/** The organization service with people to act in it. */
export interface OrganizationUnderTest extends ServiceUnderTest {
  identity: IdentityStandIn;
  /** Someone with a verified address, who has a personal organization. */
  person(name: string): Promise<Person>;
  /** Someone who has a session and no membership anywhere but the personal one. */
  stranger(person: Person): TestCaller;
  nobody: TestCaller;
  /** A member with the rights that the service itself gives the person in the organization, as the gateway would ask. */
  member(person: Person, organizationId: number): Promise<TestCaller>;
  systemAdministrator(person: Person): TestCaller;
  found(administrator: Person, name: string, more?: object): Promise<Founded>;
  /** Invites and accepts. */
  join(organization: Founded, person: Person, roleId?: number): Promise<void>;
  /** SQL as a superuser, whom row-level security does not bind. */
  sql<Row = Record<string, number>>(query: string, values?: (string | number)[]): Promise<Row[]>;
  /** What the audit log holds of an organization, oldest first. */
  audited(organizationId: number): Promise<string[]>;
  stop(): Promise<void>;
}

/** Off unless a test sets it: all organizations are created from one address. */
const NO_LIMITS = { RATE_LIMIT_ORGANIZATION_CREATION: 'off' };

export async function startOrganizationUnderTest(
  env: NodeJS.ProcessEnv = {},
): Promise<OrganizationUnderTest> {
  const identity = identityStandIn();
  const running = await startServiceUnderTest(organization, {
    env: { ...NO_LIMITS, ...env },
    peers: { identity: identity.endpoints, sso: ssoStandIn },
  });
  const superuser = connectDatabase(running.environment.databaseAdminUrl, 'test', 2);
  let lastUser = 0;
  const fleet = running.as(fellowService('identity'));
  const gateway = running.as(fellowService('gateway'));

  const service: OrganizationUnderTest = {
    ...running,
    identity,
    nobody: running.as(nobody()),
    async person(name) {
      const userId = ++lastUser;
      const email = `${name.toLowerCase().replace(/[^a-z]+/g, '.')}${userId}@example.com`;
      const answer = await fleet.put(`/internal/users/${userId}/personal-organization`, {
        email,
        display_name: name,
      });
      if (answer.status !== 200) throw new Error(answer.text);
      identity.elsewhere.set(userId, { email, display_name: name });
      return { userId, email, name };
    },
    stranger: ({ userId }) => running.as(signedIn({ userId, sessionId: userId })),
    async member({ userId }, organizationId) {
      const { body } = await gateway.get(`/internal/organizations/${organizationId}/principals/${userId}`);
      const { member, is_admin: isAdmin, permissions, plan } = body.data;
      const workspaces = body.data.workspaces.map(
        (grant: { workspace_ids: number[]; permissions: string[] }) => ({
          workspaceIds: grant.workspace_ids,
          permissions: grant.permissions,
        }),
      );
      const standing = { isMember: member, isAdmin, permissions, workspaces, plan };
      return running.as(
        signedIn({ userId, sessionId: userId, organizationId: member ? organizationId : null, ...standing }),
      );
    },
    systemAdministrator: ({ userId }) =>
      running.as(signedIn({ userId, sessionId: userId, isSystemAdmin: true })),
    async found(founder, name, more = {}) {
      const answer = await service.stranger(founder).post('/api/v1/organizations', { name, ...more });
      if (answer.status !== 201) throw new Error(answer.text);
      const { id } = answer.body.data.organization;
      const admin = running.as(administrator({ userId: founder.userId, organizationId: id }));
      const roles = await admin.get(`/api/v1/organizations/${id}/roles`);
      return {
        id,
        workspaceId: answer.body.data.workspace.id,
        roles: Object.fromEntries(
          roles.body.data.roles.map((role: { id: number; name: string }) => [role.name, role.id]),
        ) as Founded['roles'],
        administrator: founder,
      };
    },
    async join(founded, person, roleId = founded.roles.Viewer) {
      const admin = await service.member(founded.administrator, founded.id);
      const invited = await admin.post(`/api/v1/organizations/${founded.id}/members/invite`, {
        email: person.email,
        workspace_id: founded.workspaceId,
        role_id: roleId,
      });
      if (invited.status !== 201) throw new Error(invited.text);
      const accepted = await service
        .stranger(person)
        .post(`/api/v1/invitations/${invited.body.data.invitation.token}/accept`);
      if (accepted.status !== 200) throw new Error(accepted.text);
    },
    sql: async (query, values = []) => (await superuser.raw(query, values)).rows,
    audited: async organizationId =>
      await superuser('organization.audit_log')
        .where({ organization_id: organizationId })
        .orderBy('id')
        .pluck('action'),
    async stop() {
      await superuser.destroy();
      await running.stop();
    },
  };
  return service;
}

/** Publishes an event of identity on the event log. */
export async function publishEvent<Declaration extends EventDeclaration>(
  service: OrganizationUnderTest,
  declaration: Declaration,
  data: EventData<Declaration> & { user_id: number },
): Promise<void> {
  const key = String(data.user_id);
  const event: CloudEvent = {
    specversion: '1.0',
    id: randomUUID(),
    source: '/rivergate/identity',
    type: declaration.type,
    subject: key,
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    dataschema: dataSchemaOf(declaration),
    actor: key,
    data,
  };
  await service.resources.eventLog.publish([{ topic: topicOf(declaration), key, event }]);
}

/** Publishes that the person has verified the address. */
export async function verify(service: OrganizationUnderTest, { userId, email, name }: Person): Promise<void> {
  await publishEvent(service, userVerified, { user_id: userId, email, display_name: name });
}
