import { connect } from 'node:net';

/** Sends bytes as they are and returns everything that comes back until the gateway closes or `until` is there. */
export function sendRaw(url: string, bytes: string | Buffer, until?: RegExp): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => socket.write(bytes));
    let text = '';
    socket.on('data', chunk => {
      text += chunk.toString('latin1');
      if (until?.test(text)) socket.destroy();
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
    socket.setTimeout(10_000, () => socket.destroy(new Error(`no answer but: ${text}`)));
  });
}

/** The JSON body of a raw answer that is the last of its connection. */
export function bodyOf(answer: string): { error?: { code: string; request_id: string } } {
  return JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
}
