import { type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import createKnex, { type Knex } from 'knex';
import pg from 'pg';
import { postgresClient } from './client.ts';
import { statementNames } from './statement-names.ts';

const INT8 = 20;
const MAX_SPANS = 10_000;

// Identity columns count up from one: they reach 2^53 long after the platform is gone.
pg.types.setTypeParser(INT8, Number);

export interface DatabaseOptions {
  /** Each statement becomes a span of the request that sent it. */
  traced?: boolean;
  /** Connections keep prepared statements: not behind a pooler that lends a session for one transaction only. */
  prepared?: boolean;
}

/** A pool on the service's own schema. */
export function connectDatabase(
  url: string,
  name: string,
  size: number,
  { traced = false, prepared = true }: DatabaseOptions = {},
): Knex {
  const knex = createKnex({
    client: postgresClient({
      nameOf: prepared ? statementNames() : undefined,
      // The others are for transactions, which so wait for no read.
      readConnections: Math.ceil(size / 2),
      traced,
    }),
    connection: { connectionString: url, application_name: `rivergate-${name}` },
    pool: { min: 0, max: size, idleTimeoutMillis: 30_000 },
    acquireConnectionTimeout: 10_000,
  });
  if (traced) traceQueries(knex);
  return knex;
}

function traceQueries(knex: Knex): void {
  const tracer = trace.getTracer('rivergate');
  const running = new Map<string, Span>();
  knex.on('query', ({ __knexQueryUid, sql }: { __knexQueryUid: string; sql: string }) => {
    if (!trace.getActiveSpan()?.isRecording() || running.size >= MAX_SPANS) return;
    const span = tracer.startSpan(`SQL ${sql.trimStart().split(/\s/, 1)[0]?.toUpperCase()}`, {
      kind: SpanKind.CLIENT,
      attributes: { 'db.system.name': 'postgresql', 'db.query.text': sql.slice(0, 2_000) },
    });
    running.set(__knexQueryUid, span);
  });
  const end = (id: string, failed: boolean) => {
    const span = running.get(id);
    if (!span) return;
    running.delete(id);
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  };
  knex.on('query-response', (_: unknown, query: { __knexQueryUid: string }) =>
    end(query.__knexQueryUid, false),
  );
  knex.on('query-error', (_: unknown, query: { __knexQueryUid: string }) => end(query.__knexQueryUid, true));
}
