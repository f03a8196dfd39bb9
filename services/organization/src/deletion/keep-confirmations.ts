import { type CloudEvent, catalogue, consumer, on } from '@rivergate/events';

/** Events by which services say that what they held of a deleted organization is gone. */
const CONFIRMATIONS = catalogue.filter(({ type }) => type.endsWith('.organization.erased'));

/** Keeps which service has erased an organization, and when: the proof that outlasts it. */
export const keepConfirmations = consumer({
  name: 'deletion-confirmations',
  on: CONFIRMATIONS.map(declaration =>
    on(declaration, async (event: CloudEvent, { db }) => {
      await db('deletion_confirmations')
        .insert({
          organization_id: Number(event.subject),
          service: declaration.type.split('.')[0],
          confirmed_at: event.time,
        })
        .onConflict()
        .ignore();
    }),
  ),
});
