import { connect } from 'node:net';

const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n';

/** A request whose last bytes are kept back, as an attacker or a bad network would. */
export interface HeldRequest {
  /** Resolves when the server has asked for the body: it has decided that the request may go on. */
  accepted: Promise<void>;
  /** Sends the rest. */
  release(): void;
  /** Everything that came back, once the connection is closed. */
  answer: Promise<string>;
  /** Closes the connection without sending the rest. */
  abort(): void;
}

/**
 * Opens a connection, sends a request but for the last `missing` bytes of its body, and waits for nothing.
 *
 * @param missing bytes; default 1
 */
export function holdBack(
  url: string,
  request: {
    method?: string;
    path: string;
    headers?: Record<string, string>;
    body: string;
    missing?: number;
  },
): HeldRequest {
  const { hostname, port } = new URL(url);
  const body = Buffer.from(request.body);
  const sent = body.length - (request.missing ?? 1);
  const headers = {
    Host: 'rivergate.test',
    Connection: 'close',
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
    Expect: '100-continue',
    ...request.headers,
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const socket = connect(Number(port), hostname);
  socket.write(`${request.method ?? 'POST'} ${request.path} HTTP/1.1\r\n${lines.join('')}\r\n`);
  socket.write(body.subarray(0, sent));
  let text = '';
  const accepted = new Promise<void>(resolve => {
    socket.on('data', chunk => {
      text += chunk.toString('latin1');
      if (!text.startsWith(CONTINUE)) return;
      text = text.slice(CONTINUE.length);
      resolve();
    });
  });
  // A connection that is reset has been answered, or has not: the text says so.
  socket.on('error', () => {});
  return {
    accepted,
    release: () => void socket.write(body.subarray(sent)),
    answer: new Promise(resolve => socket.once('close', () => resolve(text))),
    abort: () => void socket.destroy(),
  };
}
