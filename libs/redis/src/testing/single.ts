import { login, platform } from './least-rights.ts';
import { type Server, startServer, type Tls } from './server.ts';

/** One server; `url` is that of the user with the least rights. */
export type TestServer = { url: string; server: Server; stop(): Promise<void> };

export async function startTestServer(tls?: Tls): Promise<TestServer> {
  const server = await startServer(['--save', '', '--appendonly', 'no'], { tls, users: platform.lines });
  return {
    url: `${tls ? 'rediss' : 'redis'}://${login(platform)}@${server.host}:${server.port}/0`,
    server,
    stop: server.stop,
  };
}
