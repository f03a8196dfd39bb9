import {
  consumer,
  identityOrganizationErased,
  oauthApplicationDeleted,
  on,
  organizationDeleted,
  organizationDeletionScheduled,
  organizationRestored,
  registrationTokenRevoked,
} from '@rivergate/events';
import type { RedisClient } from '@rivergate/redis';
import type { Knex } from 'knex';
import { forgetPlaces } from '../accounts/account-store.ts';
import { emittingAtOnce } from '../emitting-at-once.ts';
import { endGrantsOfOpenClients } from '../oauth/grants-of-open-clients.ts';
import { revokeTokens } from '../oauth/revoke-tokens.ts';
import { applicationsOf, forgetApplication } from '../oauth-applications/application-store.ts';
import { revokeTokens as revokeRegistrationTokens } from '../oauth-registration/registration-token-store.ts';
import { endImpersonations, endSessions } from '../sessions/end-sessions.ts';

type Tools = ReturnType<typeof emittingAtOnce>;

/**
 * What is in a deleted organization stops at once: sessions end, and applications get nothing any more. Tokens of members
 * are refused for as long as nobody is a member. When its grace period is over, what is kept of it goes.
 */
export function deletedOrganizations({ redis }: { redis: RedisClient }) {
  return consumer({
    name: 'deleted-organizations',
    on: [
      on(organizationDeletionScheduled, async ({ data: { organization_id } }, tools) => {
        await stop(emittingAtOnce(redis, tools), organization_id);
      }),
      on(organizationRestored, async ({ data: { organization_id } }, { db }) => {
        await applicationsOf(db, organization_id).update({ organization_deleted: false });
      }),
      on(organizationDeleted, async ({ data: { organization_id } }, tools) => {
        const acting = emittingAtOnce(redis, tools);
        await stop(acting, organization_id);
        await erase(acting, organization_id);
        const fact = { aggregateId: organization_id, organizationId: organization_id };
        await acting.emit(identityOrganizationErased, { ...fact, data: { organization_id } });
      }),
    ],
  });
}

async function stop(tools: Tools, organizationId: number): Promise<void> {
  const { db } = tools;
  await forgetPlaces(db, organizationId);
  // Before the applications are looked at: who registers one by such a token either is seen below or comes too late.
  for (const { id } of await revokeRegistrationTokens(db, { organization_id: organizationId }))
    await tools.emit(registrationTokenRevoked, {
      aggregateId: id,
      organizationId,
      data: { registration_token_id: id, reason: 'organization_deleted' },
    });
  await endSessions(tools, { organizationId }, 'organization_deleted');
  await endImpersonations(tools, { organization_id: organizationId }, 'organization_deleted');
  const applications = await lockedApplications(db, organizationId);
  // In the row itself: who waits for its lock to issue a token looks at it again.
  await applicationsOf(db, organizationId).update({ organization_deleted: true });
  for (const application of applications) await revokeTokens(tools, application, {}, 'organization_deleted');
  await endGrantsOfOpenClients(tools, organizationId);
}

/** Under their locks, for which who issues a token to one of them waits. */
async function lockedApplications(
  db: Knex.Transaction,
  organizationId: number,
): Promise<{ id: number; client_id: string; name: string; organization_id: number }[]> {
  return await applicationsOf(db, organizationId)
    .forUpdate()
    .select('id', 'client_id', 'name', 'organization_id');
}

async function erase(tools: Tools, organizationId: number): Promise<void> {
  const { db, emit } = tools;
  for (const { id, client_id, name } of await lockedApplications(db, organizationId)) {
    await forgetApplication(db, id);
    const data = { application_id: id, client_id, name };
    await emit(oauthApplicationDeleted, { aggregateId: id, organizationId, data });
  }
  for (const table of [
    'impersonations',
    'oauth_registration_tokens',
    'personal_tokens',
    'organization_policies',
    'organization_branding',
    'memberships',
    'sso_logins',
    'sso_requirements',
  ])
    await db(table).where({ organization_id: organizationId }).delete();
  // Without its policy no client can be let in that is not its own: what was granted until now is all there is.
  await endGrantsOfOpenClients(tools, organizationId);
  await db('oauth_grants').where({ organization_id: organizationId }).delete();
}
