import type { AddressInfo } from 'node:net';
import { createServer, type ListenOptions } from 'node:net';

/** Errors by which a system says that it knows no `reusePort` (libuv: uv_tcp_bind). */
const UNSUPPORTED = new Set(['ENOTSUP', 'EOPNOTSUPP', 'EINVAL', 'ENOPROTOOPT', 'ENOSYS']);

/**
 * The port that workers can share. Sockets that share a port do not notice who else listens there, so another
 * program is looked for before the first of them is opened.
 *
 * @param port 0 for any free one
 * @throws an Error when the port is taken, or cannot be shared on this system
 */
export async function claimPort(host: string, port: number, listen = listenOnce): Promise<number> {
  const claimed = await listen({ host, port });
  try {
    await listen({ host, port: claimed, reusePort: true });
  } catch (cause) {
    if (!UNSUPPORTED.has((cause as NodeJS.ErrnoException).code ?? '')) throw cause;
    throw new Error(
      'GATEWAY_WORKERS: this system does not spread connections over several processes that listen on one port ' +
        '(Linux and FreeBSD do). Leave it out, or set it to 1.',
      { cause },
    );
  }
  return claimed;
}

/** @returns the port that it listened on for a moment */
function listenOnce(options: ListenOptions): Promise<number> {
  const server = createServer();
  return new Promise((resolve, reject) => {
    server.once('error', reject).listen(options, () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
