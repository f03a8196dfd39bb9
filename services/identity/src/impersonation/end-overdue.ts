import { emit, serviceActor } from '@rivergate/events';
import type { Knex } from 'knex';
import { endImpersonations } from '../sessions/end-sessions.ts';
import { overdue } from './ended-impersonation-store.ts';

const AT_ONCE = 100;

/** Says of what is over by its time that it has ended. It is refused from the moment itself, whether this has run or not. */
export async function endOverdue(knex: Knex): Promise<void> {
  for (const { id, reason } of await overdue(knex, AT_ONCE)) {
    await knex.transaction(async db => {
      await endImpersonations(
        {
          db,
          emit: (declaration, fact) => emit(db, declaration, { ...fact, actor: serviceActor('identity') }),
        },
        { id },
        reason,
      );
    });
  }
}
