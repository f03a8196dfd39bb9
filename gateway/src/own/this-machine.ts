import type { IncomingMessage } from 'node:http';
import { isLoopback } from '@rivergate/caller';

/** What a proxy adds that passes on the request of another. */
const proxyHeader =
  /^(?:forwarded|via|x-real-ip|x-client-ip|x-cluster-client-ip|true-client-ip|cf-connecting-ip|x-forwarded-.*)$/;

/** Whether a request was sent from this machine: a proxy on it speaks for others. */
export function comesFromThisMachine({ socket, headers }: IncomingMessage): boolean {
  if (!isLoopback(socket.remoteAddress ?? '')) return false;
  return !Object.keys(headers).some(name => proxyHeader.test(name));
}
