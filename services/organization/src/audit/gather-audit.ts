import {
  auditEntry,
  type CloudEvent,
  catalogue,
  consumer,
  INSERT_AUDIT_ENTRY,
  on,
  serviceOf,
} from '@rivergate/events';

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
        if (event.organizationid !== undefined)
          await db.raw(INSERT_AUDIT_ENTRY, auditEntry(declaration, event));
      }),
    ),
});
