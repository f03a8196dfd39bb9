import { request as httpRequest, type IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { UpstreamUnavailable } from '@rivergate/endpoint';
import type { AnswerHeaders } from '../answer/answer-headers.ts';
import { destroyLater, rawAnswer } from '../answer/write.ts';
import type { Exchange, Upgrade } from '../exchange.ts';
import { requestHeaders } from './request-headers.ts';
import { responseHeaders } from './response-headers.ts';
import type { Destination } from './upstream.ts';
import { upstreamFailure } from './upstream-failure.ts';

/** A WebSocket between a client and a service that the gateway holds open. */
export type OpenSocket = { sessionId: number | null; close(): void };

/** Milliseconds within which a service must have taken or refused the upgrade. */
const HANDSHAKE = 10_000;
/** Milliseconds that one side has to close after the other has. */
const LINGER = 2_000;

/**
 * Hands a WebSocket handshake (RFC 6455) to the service and, once it has switched protocols, the bytes of both sides
 * to each other. Any other answer is passed on as it is.
 *
 * @throws UpstreamUnavailable, UpstreamTimeout before anything was answered
 */
export function forwardUpgrade(
  destination: Destination,
  exchange: Exchange & { upgrade: Upgrade },
  answerHeaders: AnswerHeaders,
  credential: string,
): Promise<OpenSocket | null> {
  const { socket, head } = exchange.upgrade;
  if (!destination.breaker.admits()) throw UpstreamUnavailable();
  return new Promise((resolve, reject) => {
    const outgoing = httpRequest({
      host: destination.url.hostname,
      port: destination.url.port,
      method: 'GET',
      path: exchange.path + exchange.query,
      headers: handshakeHeaders(exchange, credential, destination.url.host),
      timeout: HANDSHAKE,
      agent: false,
    });
    outgoing
      .once('upgrade', (answer, upstream, upstreamHead) => {
        destination.breaker.succeeded();
        exchange.status = 101;
        outgoing.setTimeout(0);
        socket.write(switching(exchange, answer, answerHeaders));
        resolve(join(exchange, socket, upstream, head, upstreamHead));
      })
      .once('response', answer => {
        destination.breaker.succeeded();
        exchange.status = answer.statusCode ?? 502;
        const headers = responseHeaders(exchange, answer.headers, answerHeaders);
        socket.write(rawAnswer(exchange.status, headers, ''));
        answer.pipe(socket);
        destroyLater(socket);
        resolve(null);
      })
      .once('timeout', () =>
        outgoing.destroy(Object.assign(new Error('timeout'), { code: 'UND_ERR_HEADERS_TIMEOUT' })),
      )
      .once('error', cause => {
        destination.breaker.failed();
        reject(upstreamFailure(cause));
      });
    socket.once('close', () => outgoing.destroy());
    outgoing.end();
  });
}

function handshakeHeaders(exchange: Exchange, credential: string, host: string): string[] {
  return [
    ...requestHeaders(exchange, credential),
    ...['host', host, 'connection', 'Upgrade', 'upgrade', 'websocket'],
  ];
}

function switching(exchange: Exchange, answer: IncomingMessage, answerHeaders: AnswerHeaders): string {
  const headers = responseHeaders(exchange, answer.headers, answerHeaders);
  const lines = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', 'Upgrade: websocket'];
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index]}: ${headers[index + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n`;
}

function join(
  exchange: Exchange,
  client: Duplex,
  upstream: Duplex,
  head: Buffer,
  upstreamHead: Buffer,
): OpenSocket {
  if (upstreamHead.length > 0) client.write(upstreamHead);
  if (head.length > 0) upstream.write(head);
  const close = () => {
    client.destroy();
    upstream.destroy();
  };
  const linger = () => void setTimeout(close, LINGER).unref();
  client.on('error', close).on('close', close).once('end', linger).pipe(upstream);
  upstream.on('error', close).on('close', close).once('end', linger).pipe(client);
  return { sessionId: exchange.token?.sessionId ?? null, close };
}
