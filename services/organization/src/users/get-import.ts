import { Id, oldestFirst, Timestamp } from '@rivergate/endpoint';
import { findJob, type ItemRow, itemsOf, JobError, jobReference } from '@rivergate/jobs';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { ImportNotFound } from './errors.ts';
import type { ImportRow } from './import-row.ts';
import { importingUsers } from './import-user.ts';

export const ImportStatus = z
  .enum(['processing', 'completed', 'failed'])
  .meta({ description: 'completed: also with rows that failed; failed: nothing could be processed' });

const { name, parameter, of } = jobReference(importingUsers.spec);
const rejected = oldestFirst('rejected rows');

export const getImport = endpoint(
  {
    operation: 'getUserImport',
    method: 'get',
    path: `/users/bulk-import/:${name}` as '/users/bulk-import/:import_id',
    summary: 'How far an import is, and the error of each rejected row',
    caller: 'perm:user.write',
    activeOrganization: true,
    params: z.object({ import_id: parameter as z.ZodType<number> }),
    query: z.object({ limit: z.int().min(1).max(100).default(100), ...rejected.query }),
    answer: z.object({
      import_id: z.string().meta({ examples: ['import_123'] }),
      status: ImportStatus,
      dry_run: z.boolean(),
      total_rows: z.int(),
      processed: z.int(),
      succeeded: z.int().meta({ description: 'Rows that were invited, would be, or changed nothing' }),
      failed: z.int(),
      skipped: z.int().meta({ description: 'Rows that the end of the import left undone' }),
      created_by: Id,
      created_at: Timestamp,
      finished_at: Timestamp.nullable(),
      error: JobError.nullable().meta({ description: 'Why the import as a whole ended early' }),
      errors: z.array(z.object({ row: z.int(), email: z.string(), error: JobError })),
      ...rejected.answer,
    }),
    message: 'Import retrieved successfully',
    errors: [ImportNotFound],
  },
  async ({ params, query: { cursor, limit }, db }) => {
    const job = await findJob(db, importingUsers.spec, params.import_id);
    if (!job) throw ImportNotFound();
    const { total, done, failed, skipped, finished_at } = job;
    const found = itemsOf(db, job.id, 'failed');
    const { rows, next_cursor } = await rejected.page<ItemRow>(found, { cursor, from: 0, limit });
    const ended = job.error === null || done + failed > 0 ? 'completed' : 'failed';
    return {
      import_id: of(job.id),
      status: finished_at === null ? ('processing' as const) : (ended as 'completed' | 'failed'),
      dry_run: (job.input as { dry_run: boolean }).dry_run,
      total_rows: total,
      processed: done + failed + skipped,
      succeeded: done,
      failed,
      skipped,
      created_by: job.created_by,
      created_at: job.created_at,
      finished_at,
      error: job.error,
      errors: rows.map(({ item, error }) => {
        const { row, email } = item as ImportRow;
        return { row, email, error: error! };
      }),
      next_cursor,
    };
  },
);
