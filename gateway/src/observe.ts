import { SpanStatusCode } from '@opentelemetry/api';
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import type { AccessLog } from './access-log.ts';
import { durations } from './durations.ts';
import type { Exchange } from './exchange.ts';

/** What is written down for a client that closed the connection before it was answered, as nginx does. */
const CLIENT_LEFT = 499;

/** What stays open after it was let in. */
export type LongLived = 'websocket' | 'stream';

export type Observer = {
  registry: Registry;
  /** Writes down how a request ended: metrics, log line, span. Never a token, a body or a query. */
  ended(exchange: Exchange): void;
  opened(kind: LongLived): void;
  closed(kind: LongLived): void;
};

/** Where the requests of one route, method and status are counted, and what the log says of all of them. */
type Series = { observe: (seconds: number) => void; logged: string };

/** Metrics, logs and spans of the front door. */
export function observer(log: Pick<AccessLog, 'write'>): Observer {
  const registry = new Registry();
  registry.setDefaultLabels({ service: 'gateway' });
  collectDefaultMetrics({ register: registry });
  const requests = durations(registry, {
    name: 'rivergate_gateway_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer',
  });
  const refused = new Counter({
    name: 'rivergate_gateway_rate_limited_total',
    help: 'Requests that the general rate limit refused',
    labelNames: ['class'],
    registers: [registry],
  });
  const open = {
    websocket: new Gauge({
      name: 'rivergate_gateway_websockets',
      help: 'WebSockets that are open',
      registers: [registry],
    }),
    stream: new Gauge({
      name: 'rivergate_gateway_streams',
      help: 'Answers that are open for as long as they are made: events, exports, long files',
      registers: [registry],
    }),
  };
  // Finding a series by its labels costs more than counting in it: each is found once. Node's parser knows some
  // thirty methods and no others, so their number is bounded.
  const known = new Map<object | string, Map<string, Series>>();
  const seriesOf = ({ route, request, status }: Exchange): Series => {
    const place = route ?? 'none';
    let ofPlace = known.get(place);
    if (!ofPlace) {
      ofPlace = new Map();
      known.set(place, ofPlace);
    }
    const name = `${request.method} ${status}`;
    let series = ofPlace.get(name);
    if (!series) {
      series = {
        observe: requests.series({
          method: methodLabel(request.method),
          route: route?.path ?? 'none',
          upstream: route?.service ?? 'none',
          status: String(status),
        }),
        logged: membersOf({
          method: request.method,
          route: route?.path ?? null,
          upstream: route?.service ?? null,
          status,
        }),
      };
      ofPlace.set(name, series);
    }
    return series;
  };

  return {
    registry,
    opened: kind => open[kind].inc(),
    closed: kind => open[kind].dec(),
    ended(exchange) {
      if (exchange.status === 0) exchange.status = CLIENT_LEFT;
      const milliseconds = performance.now() - exchange.startedAt;
      const series = seriesOf(exchange);
      series.observe(milliseconds / 1000);
      const { general } = exchange;
      if (general?.allowed === false) refused.inc({ class: general.class });
      log.write({
        requestId: exchange.id,
        traceId: exchange.traceparent?.slice(3, 35) ?? '',
        members: series.logged,
        milliseconds,
        userId: exchange.principal?.userId ?? null,
        impersonatorId: exchange.principal?.impersonator?.userId ?? null,
        ip: exchange.ip,
      });
      endSpan(exchange);
    },
  };
}

const methods = new Set(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']);

/** Invented methods must not invent series. */
function methodLabel(method: string | undefined): string {
  return methods.has(method ?? '') ? (method as string) : 'other';
}

/** An object's JSON without its braces. */
function membersOf(fields: Record<string, unknown>): string {
  return JSON.stringify(fields).slice(1, -1);
}

function endSpan({ span, route, request, status, principal }: Exchange): void {
  if (!span) return;
  if (route) span.updateName(`${request.method} ${route.path}`).setAttribute('http.route', route.path);
  span.setAttributes({
    'http.request.method': request.method ?? '',
    'http.response.status_code': status,
    ...(principal?.userId ? { 'enduser.id': String(principal.userId) } : {}),
    ...(principal?.impersonator ? { 'enduser.impersonator.id': String(principal.impersonator.userId) } : {}),
  });
  if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
  span.end();
}
