import type { ItemFunction, JobEvents, JobKind, JobKindSpec, SteppedItem } from './kind.ts';
import { startJob } from './start-job.ts';

/**
 * The `jobKind` function of a service whose item functions also get `Tools`.
 *
 * @example export const jobKind = jobKinds<{ mailer: Mailer }>({ started: policyJobStarted, finished: policyJobFinished });
 */
export function jobKinds<Tools extends object = object>(events: JobEvents) {
  return function jobKind<const Spec extends JobKindSpec, Prepared = undefined>(
    spec: Spec,
    carryOut: ItemFunction<Spec, Tools, undefined> | SteppedItem<Spec, Tools, Prepared>,
  ): JobKind<Spec> {
    const steps = typeof carryOut === 'function' ? { handle: carryOut } : carryOut;
    const kind: JobKind<Spec> = {
      ...(steps as Pick<JobKind, 'prepare' | 'handle'>),
      spec,
      events,
      start: (starter, job) => startJob(kind as JobKind, starter, job),
    };
    return kind;
  };
}
