import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { EmailDomainNotAllowed } from '../members/errors.ts';
import { PlanLimitExceeded } from '../organizations/errors.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { personOf } from '../people/people-store.ts';
import { Reference } from '../reference.ts';
import { admit } from './admit.ts';
import { JoinRequestLapsed, JoinRequestNotFound } from './errors.ts';
import { admittedMail } from './join-mail.ts';
import { pendingRequest } from './join-requests.ts';
import { domainsOf } from './joinable.ts';

export const approveJoinRequest = endpoint(
  {
    operation: 'approveJoinRequest',
    method: 'post',
    path: '/organizations/:org_id/join-requests/:request_id/approve',
    summary: 'Let in somebody who asks to join',
    description:
      'As a member with the role that is set for who joins by a domain, never an administrative one.',
    caller: 'admin',
    params: z.object({ org_id: Id, request_id: Id }),
    answer: z.object({ user_id: Id, role: Reference }),
    message: 'Request approved',
    errors: [JoinRequestNotFound, JoinRequestLapsed, PlanLimitExceeded, EmailDomainNotAllowed],
  },
  async ({ params: { org_id: organizationId, request_id }, caller, db, emit, plans, mailer, appUrl }) => {
    const organization = await lockOrganization(db, organizationId);
    const { userId } = await pendingRequest(db, organizationId, request_id);
    const person = await personOf(db, userId);
    const domain =
      person &&
      (await domainsOf(db, person).where('d.organization_id', organizationId).first('d.id', 'd.domain'));
    if (!domain) throw JoinRequestLapsed();
    const { role } = await admit({ db, emit }, organization, { userId, domain, by: caller.userId, plans });
    await mailer.send(db, admittedMail(person.email, { organization: organization.name, appUrl }));
    return { user_id: userId, role };
  },
);
