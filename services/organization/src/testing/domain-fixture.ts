import { type NameServer, startNameServer } from '@rivergate/outbound/testing/name-server';
import type { TestAnswer } from '@rivergate/testing';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from './organization-under-test.ts';

/** The service beside a name server on this machine, with domains that are verified by it. */
export interface DomainFixture {
  service: OrganizationUnderTest;
  names: NameServer;
  /** A domain that no other test has. */
  newDomain(): string;
  claim(organization: Founded, domain: string): Promise<TestAnswer>;
  /** Claims it and sets its record. @returns the claim as the administrator sees it */
  claimed(organization: Founded, domain: string): Promise<Claimed>;
  verify(organization: Founded, claim: Claimed): Promise<TestAnswer>;
  /** A domain that the organization has verified. */
  verified(organization: Founded, domain?: string): Promise<Claimed>;
  /** Somebody whose account has a verified address there. */
  personAt(domain: string, name?: string): Promise<Person>;
  set(organization: Founded, settings: object): Promise<TestAnswer>;
  stop(): Promise<void>;
}

export interface Claimed {
  id: number;
  domain: string;
  record: { type: string; name: string; value: string };
}

export const domainsPath = ({ id }: Founded, more = '') => `/api/v1/organizations/${id}/domains${more}`;

export async function domainFixture(env: NodeJS.ProcessEnv = {}): Promise<DomainFixture> {
  const names = await startNameServer();
  const service = await startOrganizationUnderTest({
    OUTBOUND_DNS: names.address,
    RATE_LIMIT_DOMAIN_CHECK: 'off',
    ...env,
  });
  const admin = ({ administrator, id }: Founded) => service.member(administrator, id);
  let domains = 0;
  const fixture: DomainFixture = {
    service,
    names,
    newDomain: () => `company-${++domains}.test`,
    claim: async (organization, domain) =>
      await (await admin(organization)).post(domainsPath(organization), { domain }),
    async claimed(organization, domain) {
      const answer = await fixture.claim(organization, domain);
      if (answer.status !== 201) throw new Error(answer.text);
      const claim: Claimed = answer.body.data.domain;
      names.setText(claim.record.name, claim.record.value);
      return claim;
    },
    verify: async (organization, { id }) =>
      await (await admin(organization)).post(domainsPath(organization, `/${id}/verify`)),
    async verified(organization, domain = fixture.newDomain()) {
      const claim = await fixture.claimed(organization, domain);
      const answer = await fixture.verify(organization, claim);
      if (answer.status !== 200) throw new Error(answer.text);
      return claim;
    },
    async personAt(domain, name = 'Joiner') {
      const person = await service.person(name);
      const email = `${name.toLowerCase()}${person.userId}@${domain}`;
      await service.sql(
        'update organization.people set email = ?, verified_emails = array[?] where user_id = ?',
        [email, email, person.userId],
      );
      return { ...person, email };
    },
    set: async (organization, settings) =>
      await (await admin(organization)).patch(`/api/v1/organizations/${organization.id}/settings`, settings),
    async stop() {
      await service.stop();
      await names.stop();
    },
  };
  return fixture;
}
