import { Id, OrganizationNotFound, UpstreamUnavailable } from '@rivergate/endpoint';
import { joinRequested } from '@rivergate/events';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { requireAllowedAddress } from '../members/allowed-domains.ts';
import { AlreadyMember, EmailDomainNotAllowed } from '../members/errors.ts';
import { mailAdministrators } from '../members/mail-administrators.ts';
import { findMembership } from '../members/member-store.ts';
import { PlanLimitExceeded } from '../organizations/errors.ts';
import { lockOrganization } from '../organizations/organization-store.ts';
import { personOf } from '../people/people-store.ts';
import { Reference } from '../reference.ts';
import { effectiveSettings } from '../settings/settings.ts';
import { admit } from './admit.ts';
import { requestMail } from './join-mail.ts';
import { joinableBy } from './joinable.ts';

export const joinOrganization = endpoint(
  {
    operation: 'joinOrganization',
    method: 'post',
    // Not :org_id, which would ask for a membership.
    path: '/organizations/:joinable_org_id/join',
    summary: 'Join an organization by the domain of the own address, or ask to',
    description:
      'One of those that are listed as joinable; any other is 404. Where an administrator decides, the answer is `requested`, ' +
      'also to who has asked before.',
    caller: 'user',
    session: true,
    params: z.object({ joinable_org_id: Id }),
    answer: z.object({
      result: z.enum(['joined', 'requested']),
      organization: Reference,
      role: Reference.nullable().meta({
        description: 'Given organization-wide and in the default workspace',
      }),
    }),
    message: 'Done',
    errors: [
      OrganizationNotFound,
      AlreadyMember,
      PlanLimitExceeded,
      EmailDomainNotAllowed,
      UpstreamUnavailable,
    ],
    // A key that is kept would answer for a membership that ended meanwhile.
    idempotency: false,
  },
  async ({
    params: { joinable_org_id: organizationId },
    caller: { userId },
    db,
    emit,
    plans,
    mailer,
    appUrl,
  }) => {
    const person = await personOf(db, userId);
    // A fresh account that has not arrived here yet is of no other domain: a moment later it is known.
    if (!person) throw UpstreamUnavailable('Your account is being set up; try again shortly');
    const organization = await lockOrganization(db, organizationId);
    const { name, settings } = organization;
    if ((await findMembership(db, organizationId, userId))?.status === 'active') throw AlreadyMember();
    const domain = await joinableBy(db, person).where('o.id', organizationId).first('d.id', 'd.domain');
    if (!domain) throw OrganizationNotFound();
    const shown = { id: organizationId, name };
    if (effectiveSettings(settings).domains.join === 'automatic') {
      const { role } = await admit({ db, emit }, organization, { userId, domain, by: userId, plans });
      return { result: 'joined' as const, organization: shown, role };
    }
    requireAllowedAddress(settings, person.email);
    const [request] = await db('join_requests')
      .insert({ organization_id: organizationId, user_id: userId })
      .onConflict(['organization_id', 'user_id'])
      .ignore()
      .returning('id');
    if (request) {
      const data = { join_request_id: request.id, organization_id: organizationId, user_id: userId };
      await emit(joinRequested, { aggregateId: request.id, organizationId, data });
      if (!(await askedLately(db, organizationId, request.id)))
        await mailAdministrators(db, mailer, organizationId, to =>
          requestMail(to, { organization: name, appUrl, person }),
        );
    }
    return { result: 'requested' as const, organization: shown, role: null };
  },
);

/** Whether administrators were told of another request within the hour. */
async function askedLately(db: Knex.Transaction, organizationId: number, than: number): Promise<boolean> {
  const other = await db('join_requests')
    .where({ organization_id: organizationId })
    .whereNot({ id: than })
    .whereRaw("created_at > now() - interval '1 hour'")
    .first('id');
  return other !== undefined;
}
