import type { IncomingMessage } from 'node:http';
import { namesThisMachine } from '@rivergate/caller';
import { hasBody, RequestTooLarge } from '@rivergate/endpoint';
import { createProxyMiddleware } from 'http-proxy-middleware';
import { answerHeaders } from '../answer/answer-headers.ts';
import { securityHeaders } from '../answer/security-headers.ts';
import type { Upstream } from '../config.ts';
import type { Exchange } from '../exchange.ts';
import { headerObject } from '../forwarding/header-object.ts';
import { requestHeaders } from '../forwarding/request-headers.ts';
import { responseHeaders } from '../forwarding/response-headers.ts';
import { upstreamFailure } from '../forwarding/upstream-failure.ts';
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
};

/** Milliseconds within which the mailbox has to answer. */
const TIMEOUT = 10_000;

/**
 * Passes /dev/mailbox to the mailbox of the embedded form, for who sits at this machine: it shows every code. To
 * others, and where there is no mailbox, the path is unknown.
 */
export function mailbox({ url }: Upstream, publicUrl: string): Mailbox {
  const headers = answerHeaders(securityHeaders(publicUrl, policy));
  const forwarded = new WeakMap<IncomingMessage, { exchange: Exchange; failure?: Error }>();
  const proxy = createProxyMiddleware<IncomingMessage>({
    target: url,
    changeOrigin: true,
    proxyTimeout: TIMEOUT,
    // What it would do about errors and logging by itself is done here.
    ejectPlugins: true,
    plugins: [
      server => {
        server.on('proxyRes', (answer, request) => {
          const { exchange } = forwarded.get(request)!;
          exchange.status = answer.statusCode ?? 502;
          answer.headers = headerObject(responseHeaders(exchange, answer.headers, headers));
          // The library would keep the connection open, also of a client that closes it and of a gateway that stops.
          if (!exchange.response!.shouldKeepAlive) answer.headers.connection = 'close';
        });
        server.on('error', (cause, request) => {
          forwarded.get(request!)!.failure = cause;
        });
      },
    ],
  });
  return {
    takes: ({ request }) =>
      /^\/dev\/mailbox(?:[/?]|$)/.test(request.url ?? '') &&
      comesFromThisMachine(request) &&
      namesThisMachine(request.headers.host),
    async forward(exchange) {
      const { request, response } = exchange;
      if (hasBody(request)) throw RequestTooLarge();
      const { path, query } = canonicalTarget(request.url ?? '');
      request.url = path + query;
      request.headers = headerObject(requestHeaders(exchange, null)) as typeof request.headers;
      const forwarding: { exchange: Exchange; failure?: Error } = { exchange };
      forwarded.set(request, forwarding);
      await proxy(request, response!);
      if (forwarding.failure && !response!.destroyed) throw upstreamFailure(forwarding.failure);
    },
  };
}
