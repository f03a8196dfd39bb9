import {
  type Endpoint,
  type EndpointSpec,
  endpoints,
  eventStream,
  Id,
  oldestFirst,
  Timestamp,
  type TransactionContext,
} from '@rivergate/endpoint';
import { z } from 'zod';
import { type Action, control } from './control.ts';
import {
  findJob,
  type ItemRow,
  Job,
  JobError,
  JobNotFound,
  JobStateConflict,
  Outcome,
  shown,
} from './job.ts';
import type { JobKind } from './kind.ts';
import { progressOf } from './progress.ts';
import { jobReference } from './reference.ts';

const endpoint = endpoints();

type Called = TransactionContext & { params: Record<string, number> };

/** An endpoint whose declaration depends on the kind: its types are said here, since they cannot be inferred. */
function declared<Input>(spec: object, handle: (context: Input) => Promise<object>): Endpoint {
  return endpoint(spec as EndpointSpec, handle as never) as Endpoint;
}

const SUMMARIES: Record<Action, string> = {
  pause: 'Pause a job; it stops after the item in hand and keeps its place',
  resume: 'Let a paused job go on',
  cancel: 'Cancel a job; it stops after the item in hand, and the items that are left are skipped',
};

/** What callers see of the jobs of a kind, and do to them: the same for every kind. */
export function jobEndpoints(kind: JobKind): Endpoint[] {
  const { spec } = kind;
  const noun = spec.name.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
  const named = spec.path.includes(':org_id');
  const { name, parameter } = jobReference(spec);
  const params = z.object({ ...(named ? { org_id: Id } : {}), [name]: parameter });
  const shared = {
    caller: spec.caller,
    ...(named ? {} : { activeOrganization: true as const }),
    params,
  };
  const path = `${spec.path}/:${name}`;

  const get = declared<Called>(
    {
      ...shared,
      operation: `get${noun}`,
      method: 'get',
      path,
      summary: 'See how far a job is',
      answer: Job,
      errors: [JobNotFound],
    },
    async ({ db, params }) => {
      const row = await findJob(db, spec, params[name]!);
      if (!row) throw JobNotFound();
      return shown(row);
    },
  );

  const list = oldestFirst(`items of ${spec.name}`);
  const query = z.object({
    outcome: Outcome.optional(),
    limit: z.coerce.number().int().min(1).max(100).default(100),
    ...list.query,
  });
  const items = declared<Called & { query: z.output<typeof query> }>(
    {
      ...shared,
      operation: `list${noun}Items`,
      method: 'get',
      path: `${path}/items`,
      summary: 'List the items of a job with what each came to',
      description: 'In the order in which they were given.',
      query,
      answer: z.object({ items: z.array(itemSchema(kind, noun)), ...list.answer }),
      errors: [JobNotFound],
    },
    async ({ db, params, query: asked }) => {
      const job = await findJob(db, spec, params[name]!);
      if (!job) throw JobNotFound();
      const found = db('job_items').where('job_id', job.id);
      if (asked.outcome) found.where('outcome', asked.outcome);
      const { cursor, limit } = asked;
      const { rows, next_cursor } = await list.page<ItemRow>(found, { cursor, from: 0, limit });
      return { items: rows.map(shownItem), next_cursor };
    },
  );

  const actions = (['cancel', 'pause', 'resume'] as const).map(action =>
    declared<Called>(
      {
        ...shared,
        operation: `${action}${noun}`,
        method: 'post',
        path: `${path}/${action}`,
        summary: SUMMARIES[action],
        description: 'Asking again for what is in force, or under way, changes nothing.',
        answer: Job,
        errors: [JobNotFound, JobStateConflict],
      },
      async ({ db, emit, params }) => shown(await control({ db, emit }, kind, params[name]!, action)),
    ),
  );

  const events = declared<Called>(
    {
      ...shared,
      operation: `follow${noun}`,
      method: 'get',
      path: `${path}/events`,
      summary: 'Follow how far a job is',
      description:
        'The job as it is, and whenever it has changed, at most four times a second. The stream ends with the state in ' +
        'which the job has ended; close the connection when `finished_at` is there.',
      events: { job: Job },
      errors: [JobNotFound],
    },
    async ({ db, params }) => {
      const job = await findJob(db, spec, params[name]!);
      if (!job) throw JobNotFound();
      return eventStream(async function* (tools) {
        for await (const { row, version } of progressOf(spec.name, job.id, tools))
          yield { event: 'job', id: version, data: shown(row) };
      });
    },
  );
  return [...(spec.ownStatus ? [] : [get]), items, ...actions, events];
}

function itemSchema({ spec }: JobKind, noun: string) {
  return z
    .object({
      position: z.int().min(0).meta({ description: 'Place in the list that was given, from 0' }),
      item: spec.item,
      outcome: Outcome,
      attempts: z.int().min(0).meta({ description: 'Tries that count' }),
      result: spec.result.nullable().meta({ description: 'null unless it is done' }),
      error: JobError.nullable().meta({
        description: 'Why it failed; of a pending item, why the last try did and it will be tried again',
      }),
      next_try_at: Timestamp.nullable().meta({
        description: 'When a pending item is tried, at the earliest; null for others',
      }),
      finished_at: Timestamp.nullable(),
    })
    .meta({ id: `${noun}Item` });
}

function shownItem(row: ItemRow) {
  return {
    position: row.position,
    item: row.item,
    outcome: row.outcome,
    attempts: row.attempts,
    result: row.result,
    error: row.error,
    next_try_at: row.outcome === 'pending' ? row.due_at : null,
    finished_at: row.finished_at,
  };
}
