import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Failure } from '@rivergate/endpoint';
import { createProxyMiddleware } from 'http-proxy-middleware';
import type { AnswerHeaders } from '../answer/answer-headers.ts';
import { destroyLater } from '../answer/write.ts';
import type { Exchange, Upgrade } from '../exchange.ts';
import { headerObject } from './header-object.ts';
import type { OpenConnection } from './open-connections.ts';
import { requestHeaders } from './request-headers.ts';
import { responseHeaders } from './response-headers.ts';
import type { Destination } from './upstream.ts';
import { isServiceFailure, upstreamFailure } from './upstream-failure.ts';

/** How a handshake ended, when it did not with an answer of the service or because the client left. */
export type UpgradeOutcome = { opened(open: OpenConnection): void; refused(failure: Failure): void };

/** Milliseconds that one side has to close after the other has. */
const LINGER = 2_000;

/**
 * Hands a WebSocket handshake (RFC 6455) to the service and, once it has switched protocols, the bytes of both sides
 * to each other. Any other answer is passed on as it is. What passes is http-proxy-middleware's business; ours are the
 * headers of both sides, who is to blame for a failure, and that neither socket outlives the other.
 */
export function forwardUpgrade(
  destination: Destination,
  exchange: Exchange & { upgrade: Upgrade },
  answerHeaders: AnswerHeaders,
  credential: string,
  { opened, refused }: UpgradeOutcome,
): void {
  const { request, upgrade } = exchange;
  const client = upgrade.socket;
  request.url = exchange.path + exchange.query;
  request.headers = handshakeHeaders(exchange, credential, destination.url.host);

  const beforeAnswer = (outgoing: ClientRequest) => {
    const answered = closeWhenLeft(client);
    outgoing.once('upgrade', (answer, upstream) => {
      answered();
      destination.breaker.succeeded();
      exchange.status = 101;
      const headers = responseHeaders(exchange, answer.headers, answerHeaders);
      answer.headers = headerObject([...headers, 'Connection', 'Upgrade', 'Upgrade', 'websocket']);
      const { subject, token } = exchange;
      const close = join(client, upstream);
      opened({ kind: 'websocket', login: token?.login ?? null, subject, close, leave: close });
    });
    outgoing.once('response', answer => {
      answered();
      destination.breaker.succeeded();
      exchange.status = answer.statusCode ?? 502;
      const coding = answer.headers['transfer-encoding'];
      answer.headers = headerObject(responseHeaders(exchange, answer.headers, answerHeaders));
      if (coding !== undefined) answer.headers['transfer-encoding'] = coding;
      destroyLater(client);
    });
  };
  const failed = (cause: Error) => {
    if (exchange.status !== 0 || client.destroyed) return;
    if (isServiceFailure(cause)) destination.breaker.failed();
    refused(upstreamFailure(cause));
  };

  const proxy = createProxyMiddleware<IncomingMessage>({
    target: destination.url.origin,
    upgradeTimeout: exchange.route!.timeout,
    // What it would do about errors and logging by itself is done here.
    ejectPlugins: true,
    plugins: [server => void server.on('proxyReqWs', beforeAnswer).on('error', failed)],
  });
  proxy.upgrade(request, client as Socket, upgrade.head);
}

function handshakeHeaders(exchange: Exchange, credential: string, host: string) {
  const connection = ['host', host, 'connection', 'Upgrade', 'upgrade', 'websocket'];
  return headerObject([...requestHeaders(exchange, credential), ...connection]) as IncomingMessage['headers'];
}

/**
 * Closes a client's socket when the client ends it before its handshake was answered. Nobody reads it until then, so
 * the end has to be looked for: what the client may have sent too early stays where it is.
 *
 * @returns to be called when the handshake is answered
 */
function closeWhenLeft(client: Duplex): () => void {
  const look = () => {
    if (client.readableLength === 0) client.read();
  };
  const close = () => client.destroy();
  client.on('readable', look).once('end', close);
  return () => client.off('readable', look).off('end', close);
}

/** Ends each socket with the other. Returns what ends both. */
function join(client: Duplex, upstream: Duplex): () => void {
  const close = () => {
    client.destroy();
    upstream.destroy();
  };
  const linger = () => void setTimeout(close, LINGER).unref();
  for (const socket of [client, upstream]) socket.once('close', close).once('end', linger);
  return close;
}
