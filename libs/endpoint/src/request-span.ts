import { propagation, SpanKind, SpanStatusCode, trace, context as traceContext } from '@opentelemetry/api';
import type { Request } from 'express';

/** Notes how a request ended. */
export type Ended = (status: number, cause: unknown) => void;

/** Does the work of a request within its span. */
export type WithinSpan = (request: Request, work: (ended: Ended) => Promise<void>) => Promise<void>;

/** Where nothing is traced, a span would cost and nobody would see it. */
export const withoutSpan: WithinSpan = (_request, work) => work(() => {});

/** A span that goes on with the trace of the caller. */
export function requestSpan(name: string): WithinSpan {
  const tracer = trace.getTracer('rivergate');
  return (request, work) => {
    const parent = propagation.extract(traceContext.active(), request.headers);
    return tracer.startActiveSpan(name, { kind: SpanKind.SERVER }, parent, span =>
      work((status, cause) => {
        if (status >= 500) {
          span.recordException(cause as Error);
          span.setStatus({ code: SpanStatusCode.ERROR });
        }
        span.setAttribute('http.response.status_code', status).end();
      }),
    );
  };
}
