import type { Principal } from '@rivergate/caller';
import type { Endpoint } from '@rivergate/endpoint';
import {
  defineService,
  type Migration,
  type RunningService,
  type ServiceDefinition,
  type ServiceName,
  startService,
  urlVariable,
} from '@rivergate/service';
import { credentialCaller, type TestCaller } from './caller.ts';
import { type TestEnvironment, testEnvironment } from './environment.ts';
import { recordExercised } from './exercised.ts';
import { freePort } from './free-port.ts';
import { type MailCatcher, startMailCatcher } from './mail-catcher.ts';

export interface ServiceUnderTest extends RunningService {
  environment: TestEnvironment;
  mail: MailCatcher;
  /**
   * Calls as the gateway does for this principal; for a principal of kind `service`, as that service.
   *
   * @param age milliseconds since the gateway decided what the principal may; without it the decision stands
   */
  as(principal: Principal, age?: number): TestCaller;
}

export interface TestOptions {
  /** Further variables, for example `RATE_LIMIT_LOGIN`. */
  env?: NodeJS.ProcessEnv;
  /** Stand-ins for services that this one asks: endpoints made from the specs of libs/contracts. */
  peers?: Partial<Record<ServiceName, readonly Endpoint[]>>;
  /** Tables of those, where they need some. */
  migrations?: Partial<Record<ServiceName, readonly Migration[]>>;
}

/** Boots one service on a database, a Redis database and a mail server of its own. */
export async function startServiceUnderTest<Tools extends object>(
  definition: ServiceDefinition<Tools>,
  { env = {}, peers = {}, migrations = {} }: TestOptions = {},
): Promise<ServiceUnderTest> {
  const [environment, mail] = await Promise.all([
    testEnvironment([definition as ServiceDefinition]),
    startMailCatcher(),
  ]);
  environment.set({ SMTP_URL: mail.smtpUrl, ...env });
  const fellows: RunningService[] = [];
  for (const [name, endpoints] of Object.entries(peers)) {
    const peer = defineService({
      name: name as ServiceName,
      modules: [{ tag: 'Peer', endpoints, migrations: migrations[name as ServiceName] ?? [] }],
    });
    const running = await startService(peer, environment.of(name));
    fellows.push(running);
    environment.set({ [urlVariable(name)]: running.url });
  }
  // Nothing listens there: where a test names no peer, that service is down.
  const absent = `http://127.0.0.1:${await freePort()}`;
  const urls = Object.fromEntries(['identity', 'organization'].map(name => [urlVariable(name), absent]));
  // It may ask itself, as one of several that it asks.
  const port = await freePort();
  const running = await startService(definition, {
    ...urls,
    ...environment.of(definition.name),
    PORT: String(port),
    [urlVariable(definition.name)]: `http://127.0.0.1:${port}`,
  });
  const stopRecording = recordExercised();
  return {
    ...running,
    environment,
    mail,
    as: (principal, age) =>
      credentialCaller(
        environment.of(principal.service ?? 'gateway'),
        running.url,
        definition.name,
        principal,
        age,
      ),
    async stop() {
      await running.stop();
      for (const fellow of fellows) await fellow.stop();
      await mail.stop();
      await environment.remove();
      stopRecording();
    },
  };
}
