import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type Failure, failureAnswer } from '@rivergate/endpoint';
import type { Exchange } from '../exchange.ts';
import type { AnswerHeaders } from './answer-headers.ts';
import { endAnswer, holdOpen } from './linger.ts';
import { answerOf, type Prepared } from './prepared.ts';

/** Answers of the gateway itself. */
export type Writer = {
  json(exchange: Exchange, status: number, payload: unknown, headers?: Record<string, string>): void;
  text(exchange: Exchange, status: number, body: string | Buffer, headers: Record<string, string>): void;
  prepared(exchange: Exchange, prepared: Prepared): void;
  refuse(exchange: Exchange, failure: Failure): void;
};

/** Of what leads to no endpoint, its path tells in which shape its client expects to be refused. */
const protocolOf = ({ route, path }: Exchange) =>
  route ? route.protocol : path.startsWith('/scim/') ? 'scim' : null;

const withoutBody = (status: number) => status === 204 || status === 304;

export function answerWriter(answerHeaders: AnswerHeaders): Writer {
  const text: Writer['text'] = (exchange, status, body, headers) => {
    const taken: Record<string, string> = {};
    const lines: string[] = [];
    for (const [name, value] of Object.entries(headers)) {
      taken[name.toLowerCase()] = value;
      lines.push(name, value);
    }
    answerHeaders(exchange, lines, taken);
    if (!withoutBody(status)) lines.push('Content-Length', String(Buffer.byteLength(body)));
    exchange.status = status;
    if (exchange.response) {
      const { request, response } = exchange;
      holdOpen(request, response);
      response.writeHead(status, lines);
      endAnswer(request, response, request.method === 'HEAD' || withoutBody(status) ? undefined : body);
    } else if (exchange.upgrade) {
      exchange.upgrade.socket.end(rawAnswer(status, lines, String(body)));
      destroyLater(exchange.upgrade.socket);
    }
  };
  const json: Writer['json'] = (exchange, status, payload, headers = {}) =>
    text(exchange, status, JSON.stringify(payload), { 'Content-Type': 'application/json', ...headers });
  return {
    text,
    json,
    prepared(exchange, prepared) {
      const { status, body, headers } = answerOf(prepared, exchange.request);
      text(exchange, status, body, headers);
    },
    refuse(exchange, failure) {
      const answer = failureAnswer(failure, exchange.id, { protocol: protocolOf(exchange) });
      const type: Record<string, string> = answer.type ? { 'Content-Type': answer.type } : {};
      json(exchange, answer.status, answer.payload, { ...answer.headers, ...type });
    },
  };
}

/** Closes the socket after 2 s if the client has not: at once, with bytes in it unread, would cost it the answer. */
export function destroyLater(socket: Duplex): void {
  socket.resume();
  const timer = setTimeout(() => socket.destroy(), 2_000);
  socket.once('close', () => clearTimeout(timer));
}

/** An answer for a connection that no ServerResponse serves: a refused upgrade, or a request that was never parsed. */
export function rawAnswer(status: number, headers: readonly string[], body: string): string {
  const lines = [`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`, 'Connection: close'];
  for (let index = 0; index < headers.length; index += 2)
    lines.push(`${headers[index]}: ${headers[index + 1]}`);
  return `${lines.join('\r\n')}\r\n\r\n${body}`;
}
