import { bell } from '@rivergate/events';
import type { Knex } from 'knex';
import { attachedTo } from './attached.ts';
import type { JobRow } from './job.ts';

/** Milliseconds after which whoever follows a job looks by themselves: a message may be lost. */
const LOOK = 3_000;

/** What a stream is made with. */
export interface Following {
  /** Opens a transaction that is bound to the caller's organization. */
  within<Result>(work: (db: Knex.Transaction) => Promise<Result>): Promise<Result>;
  /** Aborted when nobody listens any more. */
  signal: AbortSignal;
  /** The `version` of the last state that the listener has got. */
  lastEventId: string | null;
}

export interface Progress {
  row: JobRow;
  /** Another one for each state that callers can tell apart. */
  version: string;
}

/**
 * A job as it is, and each time that it has changed, in whichever process it is worked on. Ends with the state in which
 * it has ended, and where it is dropped meanwhile.
 */
export async function* progressOf(
  kind: string,
  jobId: number,
  { within, signal, lastEventId }: Following,
): AsyncGenerator<Progress> {
  const changed = bell();
  const stop = await within(async db => attachedTo(db)?.follow(jobId, changed.ring));
  let got = lastEventId;
  try {
    while (!signal.aborted) {
      const row: JobRow | undefined = await within(db => db('jobs').where({ id: jobId, kind }).first());
      if (!row) return;
      const version = [row.status, row.done, row.failed, row.skipped].join('-');
      if (version !== got) yield { row, version };
      got = version;
      if (row.finished_at) return;
      await changed.heard(LOOK, signal);
    }
  } finally {
    stop?.();
  }
}
