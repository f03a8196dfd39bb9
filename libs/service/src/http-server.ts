import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Milliseconds between two looks for connections that have turned idle. */
const SWEEP = 20;

/**
 * @param reusePort whether other processes may listen there, too; the system then spreads connections over them
 * @returns the address that the server listens on
 */
export async function listen(server: Server, host: string, port: number, reusePort = false): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject).listen({ host, port, reusePort }, resolve);
  });
  const address = server.address() as AddressInfo;
  const name = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return `http://${name}:${address.port}`;
}

/** Takes no new connection, lets every request in flight finish, and returns when the last connection is gone. */
export async function closeServer(server: Server): Promise<void> {
  const closed = new Promise<void>(resolve => server.close(() => resolve()));
  // A kept-alive connection that turns idle now would otherwise hold the close open until its timeout.
  const sweep = setInterval(() => server.closeIdleConnections(), SWEEP);
  await closed;
  clearInterval(sweep);
}
