import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from '@rivergate/gateway';
import {
  type RunningService,
  type ServiceDefinition,
  type ServiceName,
  startService,
  urlVariable,
} from '@rivergate/service';
import {
  eventually,
  httpCaller,
  recordExercised,
  type TestCaller,
  type TestEnvironment,
  testEnvironment,
} from '@rivergate/testing';
import { listenHttp } from '../src/mailbox/http.ts';
import { listenSmtp } from '../src/mailbox/smtp.ts';
import { openStore } from '../src/mailbox/store.ts';
import { freePorts } from '../src/provision/ports.ts';
import { definitions as fleetDefinitions } from '../src/services.ts';

/** The whole platform in one process, on real PostgreSQL and Redis, reached through its gateway only. */
export interface AcceptanceFleet {
  url: string;
  environment: TestEnvironment;
  /** Plain HTTP through the gateway; each caller comes from an address of its own. */
  caller(token?: string): TestCaller;
  startService(name: ServiceName): Promise<void>;
  stopService(name: ServiceName): Promise<void>;
  service(name: ServiceName): RunningService;
  stop(): Promise<void>;
}

let addresses = 0;

/**
 * @param without services that are down at first
 * @param instead services that take the place of those of the same name
 * @param host under which people know it, where that must be a name
 */
export async function startFleet(
  options: {
    env?: NodeJS.ProcessEnv;
    without?: ServiceName[];
    instead?: ServiceDefinition[];
    host?: 'localhost';
  } = {},
): Promise<AcceptanceFleet> {
  const definitions = fleetDefinitions.map(
    own => options.instead?.find(({ name }) => name === own.name) ?? own,
  );
  const environment = await testEnvironment(definitions);
  const directory = await mkdtemp(join(tmpdir(), 'rivergate-acceptance-'));
  const store = openStore(directory);
  const [smtp, mailbox] = await Promise.all([listenSmtp(store, 0), listenHttp(store, 0)]);
  const [gatewayPort, ...ports] = await freePorts(definitions.length + 1);
  const portOf = new Map(definitions.map(({ name }, index) => [name, ports[index]!]));
  environment.set({
    SMTP_URL: `smtp://127.0.0.1:${smtp.port}`,
    MAILBOX_URL: mailbox.url,
    TRUST_PROXY: 'loopback',
    PUBLIC_URL: `http://${options.host ?? '127.0.0.1'}:${gatewayPort}`,
    ...Object.fromEntries([...portOf].map(([name, port]) => [urlVariable(name), `http://127.0.0.1:${port}`])),
    ...options.env,
  });

  const running = new Map<ServiceName, RunningService>();
  const start = async (name: ServiceName) => {
    const definition = [...(options.instead ?? []), ...definitions].find(known => known.name === name)!;
    running.set(
      name,
      await startService(definition, { ...environment.of(name), PORT: String(portOf.get(name)) }),
    );
  };
  const absent = new Set(options.without);
  await Promise.all(definitions.filter(({ name }) => !absent.has(name)).map(({ name }) => start(name)));
  const gateway = await startGateway({ ...environment.of('gateway'), PORT: String(gatewayPort) });
  const stopRecording = recordExercised();
  if (absent.size === 0) {
    await eventually(
      async () => (await fetch(`${gateway.url}/ready`)).status === 200,
      'a fleet that is ready',
      60_000,
    );
  }

  return {
    url: gateway.url,
    environment,
    caller(token) {
      const address = `10.1.${addresses >> 8}.${addresses++ & 255}`;
      return httpCaller(gateway.url, () => ({
        'x-forwarded-for': address,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      }));
    },
    startService: start,
    async stopService(name) {
      await running.get(name)?.stop();
      running.delete(name);
    },
    service: name => running.get(name)!,
    async stop() {
      await gateway.stop();
      await Promise.all([...running.values()].map(service => service.stop()));
      await Promise.all([smtp.close(), mailbox.close()]);
      stopRecording();
      await environment.remove();
      await rm(directory, { recursive: true });
    },
  };
}
