import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { NotFound } from '@rivergate/endpoint';
import { Registry } from 'prom-client';
import type { Writer } from '../answer/write.ts';
import type { OwnEndpoint } from './own-endpoints.ts';
import { comesFromThisMachine } from './this-machine.ts';

/** Prometheus metrics: with METRICS_TOKEN to whoever sends it, else to this machine. For everyone else 404. */
export function metrics(write: Writer, text: () => Promise<string>, token: string | null): OwnEndpoint {
  return async exchange => {
    const allowed = token ? sendsToken(exchange.request, token) : comesFromThisMachine(exchange.request);
    if (!allowed) throw NotFound();
    write.text(exchange, 200, await text(), { 'Content-Type': Registry.PROMETHEUS_CONTENT_TYPE });
  };
}

function sendsToken({ headers }: IncomingMessage, token: string): boolean {
  const given = Buffer.from(headers.authorization ?? '');
  const wanted = Buffer.from(`Bearer ${token}`);
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}
