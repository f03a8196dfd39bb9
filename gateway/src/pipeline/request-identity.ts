import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { canonicalAddress } from '@rivergate/caller';
import proxyAddr from 'proxy-addr';
import type { Exchange } from '../exchange.ts';

/** What a client may call its request: it ends up in logs and events. */
const acceptableId = /^[A-Za-z0-9._-]{8,64}$/;

/** Step: gives the request its id and finds the address it came from, in one spelling. */
export function requestIdentity(trustProxy: string) {
  const clientAddress = addressReader(trustProxy);
  return (exchange: Exchange): void => {
    const given = exchange.request.headers['x-request-id'];
    exchange.id = typeof given === 'string' && acceptableId.test(given) ? given : randomUUID();
    exchange.ip = clientAddress(exchange.request);
  };
}

/** @param trustProxy Express's syntax: `true`, a number of hops, or a comma list of addresses and ranges */
function addressReader(trustProxy: string): (request: IncomingMessage) => string {
  const trust = trustOf(trustProxy);
  const peer = (request: IncomingMessage) =>
    canonicalAddress(request.socket.remoteAddress ?? '') ?? '0.0.0.0';
  if (!trust) return peer;
  return request => canonicalAddress(proxyAddr(request, trust)) ?? peer(request);
}

function trustOf(setting: string): ((address: string, hop: number) => boolean) | null {
  const value = setting.trim();
  if (value === '' || value === 'false' || value === '0') return null;
  if (value === 'true') return () => true;
  if (/^\d+$/.test(value)) return (_, hop) => hop < Number(value);
  return proxyAddr.compile(value.split(',').map(part => part.trim()));
}
