import { propagation, ROOT_CONTEXT, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { CloudEvent } from '@rivergate/events';

/**
 * Sends OpenTelemetry spans to the collector at `endpoint` (OTLP over HTTP). Loaded only where one is configured:
 * without it the API's own no-op tracer costs next to nothing.
 *
 * @returns what flushes and stops it
 */
export async function startTracing(
  service: string,
  endpoint: string | undefined,
): Promise<() => Promise<void>> {
  if (!endpoint) return async () => {};
  const [{ NodeTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ]);
  const exporter = new OTLPTraceExporter({ url: `${endpoint.replace(/\/+$/, '')}/v1/traces` });
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': `rivergate-${service}` }),
    spanProcessors: [new BatchSpanProcessor(exporter, { scheduledDelayMillis: 1_000 })],
  });
  // Registers the W3C trace context propagator and the context manager with it.
  provider.register();
  return () => provider.shutdown();
}

/** Handles an event as part of the trace of the request that caused it. */
export async function withinTraceOf(
  event: CloudEvent,
  consumer: string,
  run: () => Promise<void>,
): Promise<void> {
  const parent = propagation.extract(ROOT_CONTEXT, { traceparent: event.traceparent });
  const name = `${consumer} ${event.type}`;
  await trace
    .getTracer('rivergate')
    .startActiveSpan(name, { kind: SpanKind.CONSUMER }, parent, async span => {
      try {
        await run();
      } catch (cause) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw cause;
      } finally {
        span.end();
      }
    });
}
