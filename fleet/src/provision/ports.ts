import { createServer, type Server } from 'node:net';

const LOOPBACK = '127.0.0.1';

/** `count` ports of the loopback interface that are not in use. */
export async function freePorts(count: number): Promise<number[]> {
  // All are held at once before any is given back, so that no port is handed out twice.
  const held = await Promise.all(Array.from({ length: count }, () => listen(0, LOOPBACK)));
  const ports = held.map(server => (server.address() as { port: number }).port);
  await Promise.all(held.map(close));
  return ports;
}

/** Whether somebody could listen there now. */
export async function isFree(port: number, host = LOOPBACK): Promise<boolean> {
  try {
    await close(await listen(port, host));
    return true;
  } catch (error) {
    if (['EADDRINUSE', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) return false;
    throw error;
  }
}

function listen(port: number, host: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port, host, exclusive: true }, () => resolve(server));
  });
}

function close(server: Server): Promise<void> {
  return new Promise(resolve => server.close(() => resolve()));
}
