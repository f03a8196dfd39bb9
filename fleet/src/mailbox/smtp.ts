import { once } from 'node:events';
import { SMTPServer } from 'smtp-server';
import type { Store } from './store.ts';

const LARGEST_BYTES = 10 * 1024 * 1024;

/** Takes every mail it is given and keeps it. On the loopback interface only, without login or TLS. */
export async function listenSmtp(store: Store, port: number) {
  const server = new SMTPServer({
    name: 'rivergate.localhost',
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    size: LARGEST_BYTES,
    onData(stream, session, done) {
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => {
        if (!stream.sizeExceeded) chunks.push(chunk);
      });
      stream.on('end', () => {
        if (stream.sizeExceeded) {
          done(Object.assign(new Error('Message exceeds the size limit'), { responseCode: 552 }));
          return;
        }
        const from = session.envelope.mailFrom;
        const envelope = {
          from: from ? from.address : '',
          to: session.envelope.rcptTo.map(({ address }) => address),
        };
        store.add(Buffer.concat(chunks), envelope).then(
          ({ id }) => done(null, `Kept as message ${id}`),
          () => done(Object.assign(new Error('Could not keep the message'), { responseCode: 451 })),
        );
      });
    },
  });
  // A client that hangs up in the middle is no reason to end the process.
  server.on('error', () => {});
  server.listen(port, '127.0.0.1');
  await once(server.server, 'listening');
  return {
    port: (server.server.address() as { port: number }).port,
    close: () => new Promise<void>(resolve => server.close(() => resolve())),
  };
}
