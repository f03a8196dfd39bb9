import type { ServerResponse } from 'node:http';
import { namesThisMachine } from '@rivergate/caller';
import { answerHeaders } from '../answer/answer-headers.ts';
import { securityHeaders } from '../answer/security-headers.ts';
import type { Upstream } from '../config.ts';
import type { Exchange } from '../exchange.ts';
import { destination } from '../forwarding/upstream.ts';
import { forwardTo } from '../pipeline/forward.ts';
import { canonicalTarget } from '../routes/path.ts';
import { comesFromThisMachine } from './this-machine.ts';

/** Mails show pictures and styles of their own, but run nothing and send nothing. */
const policy = {
  'default-src': ["'self'"],
  'script-src': ["'self'", "'unsafe-inline'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
  'frame-ancestors': ["'self'"],
};

export type Mailbox = {
  takes(exchange: Exchange): boolean;
  forward(exchange: Exchange): Promise<void>;
  stop(): Promise<void>;
};

/**
 * Passes /dev/mailbox to the mailbox of the embedded form, for who sits at this machine: it shows every code. To
 * others, and where there is no mailbox, the path is unknown.
 */
export function mailbox(upstream: Upstream, publicUrl: string): Mailbox {
  const target = destination(upstream);
  const headers = answerHeaders(securityHeaders(publicUrl, policy));
  return {
    takes: ({ request }) =>
      /^\/dev\/mailbox(?:[/?]|$)/.test(request.url ?? '') &&
      comesFromThisMachine(request) &&
      namesThisMachine(request.headers.host),
    forward(exchange) {
      const { path, query } = canonicalTarget(exchange.request.url ?? '');
      exchange.path = path;
      exchange.query = query;
      return forwardTo(target, exchange as Exchange & { response: ServerResponse }, headers, {
        bodyLimit: 0,
        timeout: 10_000,
        path,
        credential: () => null,
      });
    },
    stop: () => target.pool.destroy(),
  };
}
