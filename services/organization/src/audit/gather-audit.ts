import { type CloudEvent, catalogue, consumer, on, serviceOf } from '@rivergate/events';

const OWN = 'organization';

/**
 * Brings what happens in an organization elsewhere in the fleet into its audit log: every event of another service
 * that names the organization. This service's own events are there from the moment they are emitted.
 */
export const gatherAudit = consumer({
  name: 'audit',
  on: catalogue
    .filter(declaration => serviceOf(declaration) !== OWN)
    .map(declaration =>
      on(declaration, async (event: CloudEvent, { db }) => {
        if (event.organizationid === undefined) return;
        const userId = /^\d+$/.test(event.actor) ? Number(event.actor) : null;
        await db.raw(
          `insert into audit_log
             (action, organization_id, actor_user_id, actor, subject, ip_address, user_agent, request_id, metadata,
              created_at)
           values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
          [
            declaration.audit,
            Number(event.organizationid),
            userId,
            event.actor,
            event.subject,
            event.actorip ?? null,
            event.actoragent ?? null,
            event.requestid ?? null,
            JSON.stringify(event.data),
            event.time,
          ],
        );
      }),
    ),
});
