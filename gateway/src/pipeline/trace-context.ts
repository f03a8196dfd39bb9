import { randomFillSync } from 'node:crypto';
import { context, propagation, SpanKind, trace as traces } from '@opentelemetry/api';
import type { Exchange } from '../exchange.ts';

/** version-traceid-parentid-flags (W3C Trace Context, section 3.2) */
const traceparent = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

/**
 * Step: keeps the caller's trace or starts one. With a collector configured the request becomes a span and the
 * service its child; without one only the identifiers travel, so that events and logs can still be joined.
 */
export function traceContext(recording: boolean) {
  const tracer = traces.getTracer('rivergate-gateway');
  return (exchange: Exchange): void => {
    const given = exchange.request.headers.traceparent;
    const valid = typeof given === 'string' && traceparent.test(given);
    if (!recording) {
      exchange.traceparent = valid ? given : newTraceparent();
      return;
    }
    const parent = valid ? propagation.extract(context.active(), { traceparent: given }) : context.active();
    exchange.span = tracer.startSpan(`${exchange.request.method}`, { kind: SpanKind.SERVER }, parent);
    const carrier: { traceparent?: string } = {};
    propagation.inject(traces.setSpan(parent, exchange.span), carrier);
    exchange.traceparent = carrier.traceparent ?? null;
  };
}

/** Random bytes in stock: a draw from the system's generator for each request costs more than the request's trace. */
const stock = Buffer.alloc(24 * 256);
let used = stock.length;

function newTraceparent(): string {
  if (used === stock.length) {
    randomFillSync(stock);
    used = 0;
  }
  const ids = stock.toString('hex', used, used + 24);
  used += 24;
  return `00-${ids.slice(0, 32)}-${ids.slice(32)}-00`;
}
