import type { StreamTools } from '@rivergate/endpoint';
import { bell } from '@rivergate/events';
import { attachedTo } from './attached.ts';
import type { JobRow } from './job.ts';

/** Milliseconds after which whoever follows a job looks by themselves: a message may be lost. */
const LOOK = 3_000;

export interface Progress {
  row: JobRow;
  /** Another one for each state that callers can tell apart: the id of its event. */
  version: string;
}

/**
 * A job as it is, and each time that it has changed, in whichever process it is worked on. Ends with the state in which
 * it has ended, and where it is dropped meanwhile.
 */
export async function* progressOf(
  kind: string,
  jobId: number,
  { within, signal, lastEventId }: StreamTools,
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
