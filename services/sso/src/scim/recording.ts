import type { Emit } from '@rivergate/endpoint';
import { emitterOf } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { Acting } from './change.ts';

/** Emits in a short transaction beside that of the request, in the name of who calls. */
export const recording = (db: Knex.Transaction, { caller, request }: Acting): Emit =>
  emitterOf(db, caller, request, 'sso', []);
