import { consumer, oauthApplicationDeleted, on, organizationDeleted } from '@rivergate/events';
import type { RedisClient } from '@rivergate/redis';
import { emittingAtOnce } from '../emitting-at-once.ts';
import { endGrantsOfOpenClients } from '../oauth/grants-of-open-clients.ts';
import { revokeTokens } from '../oauth/revoke-tokens.ts';
import { forbidOpenClients } from '../organizations/policy-store.ts';
import { applicationsOf, forgetApplication } from './application-store.ts';

/** An organization's applications end with it, and their tokens with them; it lets no others in any more. */
export function applicationsOfDeletedOrganizations({ redis }: { redis: RedisClient }) {
  return consumer({
    name: 'oauth-applications-of-deleted-organizations',
    on: [
      on(organizationDeleted, async ({ data: { organization_id: organizationId } }, tools) => {
        const { db, emit } = emittingAtOnce(redis, tools);
        const applications = await applicationsOf(db, organizationId)
          .forUpdate()
          .select('id', 'client_id', 'name', 'organization_id');
        await forbidOpenClients(db, organizationId);
        await endGrantsOfOpenClients({ db, emit }, organizationId);
        for (const { name, ...application } of applications) {
          const { id, client_id } = application;
          await revokeTokens({ db, emit }, application, {}, 'application_deleted');
          await forgetApplication(db, id);
          const data = { application_id: id, client_id, name };
          await emit(oauthApplicationDeleted, { aggregateId: id, organizationId, data });
        }
      }),
    ],
  });
}
