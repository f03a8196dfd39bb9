import { fellowService, impersonated, type TestCaller } from '@rivergate/testing';
import { decodeJwt } from 'jose';
import type { IdentityUnderTest, Person } from './identity-under-test.ts';

let organizations = 50_000;

interface Pair {
  administrator: Person;
  member: Person;
}

/** An administrator and a member. */
export async function aPair(identity: IdentityUnderTest): Promise<Pair> {
  const [administrator, member] = await Promise.all([identity.person(), identity.person()]);
  return { administrator, member };
}

/** A new organization of the two, of which the stand-in for organization knows. */
export async function impersonationFixture(
  identity: IdentityUnderTest,
  { administrator, member }: Pair,
  id = ++organizations,
) {
  const { organization } = identity;
  organization.everybodyIn.add(id);
  organization.rights.set(administrator.userId, { is_admin: true, permissions: ['*'] });
  organization.rights.delete(member.userId);

  const path = `/api/v1/organizations/${id}/impersonations`;
  /** As the gateway lets them call in the organization. */
  const within = (person: Person, facts = {}): TestCaller =>
    identity.as({
      ...person.principal,
      organizationId: id,
      isMember: true,
      isAdmin: organization.rights.get(person.userId)?.is_admin ?? false,
      permissions: organization.rights.get(person.userId)?.permissions ?? [],
      ...facts,
    });
  const asked = { user_id: member.userId, reason: 'Ticket 4711', minutes: 30 };
  const request = (more: object = {}, by = within(administrator)) => by.post(path, { ...asked, ...more });
  const own = (impersonation: number, action = '') =>
    `/api/v1/auth/me/impersonations/${impersonation}${action}`;
  const approve = (impersonation: number, by = member.caller) => by.post(own(impersonation, '/approve'));
  const token = (impersonation: number, by = within(administrator)) =>
    by.post(`${path}/${impersonation}/token`);

  const fixture = {
    id,
    administrator,
    member,
    path,
    own,
    within,
    request,
    approve,
    token,
    end: (impersonation: number) => member.caller.delete(own(impersonation)),
    async requested(more: object = {}): Promise<number> {
      return (await request(more).expect(201)).body.data.impersonation.id;
    },
    async approved(): Promise<number> {
      const impersonation = await fixture.requested();
      await approve(impersonation).expect(200);
      return impersonation;
    },
    /** Going on: with its session, and calls as the gateway makes them of its token. */
    async running() {
      const impersonation = await fixture.approved();
      const { access_token } = (await token(impersonation).expect(201)).body.data;
      const sessionId = Number(decodeJwt(access_token).sid);
      const inName = { ...member.principal, sessionId, organizationId: id, isMember: true };
      return {
        impersonation,
        accessToken: access_token as string,
        sessionId,
        acting: identity.as(impersonated(inName, administrator.userId)),
      };
    },
    async shown(impersonation: number) {
      const { impersonations } = (await member.caller.get('/api/v1/auth/me/impersonations')).body.data;
      return impersonations.find((known: { id: number }) => known.id === impersonation);
    },
    async isActive(sessionId: number): Promise<boolean> {
      return (await identity.as(fellowService('gateway')).get(`/internal/sessions/${sessionId}`)).body.data
        .active;
    },
  };
  return fixture;
}

export type ImpersonationFixture = Awaited<ReturnType<typeof impersonationFixture>>;
