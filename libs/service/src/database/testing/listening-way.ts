import { connect, createServer, type Server } from 'node:net';
import { freePort } from '@rivergate/testing';

/** A way to the database that notes the types of the messages which connections send that bind or begin: those of a pool. */
export async function listeningWay(
  databasePort: number,
  host: string,
): Promise<{ port: number; taken(): string; server: Server }> {
  let messages = '';
  const server = createServer(client => {
    const database = connect(databasePort, host);
    let pending = Buffer.alloc(0);
    let isStarting = true;
    let isOfPool = false;
    client.on('data', chunk => {
      // The relay and the jobs have connections of their own and bind nothing.
      isOfPool ||= chunk.includes("set_config('rivergate.") || chunk.includes('rivergate_begin');
      pending = Buffer.concat([pending, chunk]);
      while (pending.length >= 5) {
        const length = isStarting ? pending.readInt32BE(0) : pending.readInt32BE(1) + 1;
        if (pending.length < length) break;
        if (!isStarting && isOfPool) messages += String.fromCharCode(pending[0]!);
        isStarting = false;
        pending = pending.subarray(length);
      }
    });
    for (const [socket, other] of [
      [client, database],
      [database, client],
    ] as const)
      socket.on('error', () => {}).on('close', () => other.destroy());
    client.pipe(database).pipe(client);
  });
  const port = await freePort();
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve));
  const taken = () => {
    const sent = messages;
    messages = '';
    return sent;
  };
  return { port, taken, server };
}
