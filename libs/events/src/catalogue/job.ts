import { z } from 'zod';
import { event } from '../declaration.ts';

const Id = z.number().int();
const kind = z.string();

/** The life of the jobs that a service carries out, as facts of that service. */
export function jobEvents<const Service extends string>(service: Service) {
  return {
    started: event({
      type: `${service}.job.started`,
      version: 1,
      audit: 'job.started',
      summary: 'A job was started',
      data: z.object({ job_id: Id, kind, total: z.number().int() }),
    }),
    changed: event({
      type: `${service}.job.changed`,
      version: 1,
      audit: 'job.changed',
      summary: 'Somebody paused, resumed or cancelled a job',
      data: z.object({ job_id: Id, kind, action: z.enum(['pause', 'resume', 'cancel']) }),
    }),
    finished: event({
      type: `${service}.job.finished`,
      version: 1,
      audit: 'job.finished',
      summary: 'A job ended: completed, cancelled or failed',
      data: z.object({
        job_id: Id,
        kind,
        status: z.enum(['completed', 'cancelled', 'failed']),
        done: z.number().int(),
        failed: z.number().int(),
        skipped: z.number().int(),
        error_code: z.string().nullable(),
      }),
      webhook: true,
    }),
  };
}
