import { type ConsumerTools, consumer, eraseAudited, on, userErasureRequested } from '@rivergate/events';
import { bindTo } from './export.ts';
import type { PersonalData, PersonalDataPolicy } from './personal-data.ts';

/**
 * Erases what the service holds on a user when that is asked for, and confirms it: all in one transaction, so that what was
 * interrupted is done again from the start, and what was done is not done again.
 */
export function eraseConsumer<Tools extends object>(
  { erased, addressesOf, end }: PersonalDataPolicy<Tools>,
  held: readonly PersonalData<Tools>[],
  own: Tools,
) {
  return consumer({
    name: 'personal-data',
    on: [
      on(userErasureRequested, async ({ data }, consuming) => {
        const { db, emit } = consuming;
        const tools: Tools & ConsumerTools = { ...own, ...consuming };
        const { erasure_id, user_id: userId, organization_id: organizationId } = data;
        await bindTo(db, { organizationId });
        const addresses = await addressesOf(db, { userId, organizationId });
        const subject = { userId, organizationId, addresses };
        await end?.(tools, subject);
        for (const { rows, erase } of held) {
          if (erase) await erase(tools, subject);
          else await rows(db, subject)?.delete();
        }
        await eraseAudited(db, subject);
        await emit(erased, {
          aggregateId: userId,
          organizationId,
          data: { erasure_id, user_id: userId, organization_id: organizationId },
        });
      }),
    ],
  });
}
