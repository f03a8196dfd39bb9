import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { createWriteStream, existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { kafkaJars, type Log, missingTools, OLDEST_JAVA } from './jars.ts';

export { missingTools };

const START_TIMEOUT = 90_000;
const STOP_TIMEOUT = 20_000;
// A broker for tests and small machines: quick to start matters more than the last of its throughput.
const JAVA = ['-Xms96m', '-Xmx384m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', '-Dlog4j2.level=INFO'];

export interface Broker {
  /** For `KAFKA_BROKERS`. */
  brokers: string;
  pid: number;
  /** Shuts down cleanly; the data stays, and the next start on it listens on the same ports. */
  stop(): Promise<void>;
  /** SIGKILL, for tests of what a crash does. */
  kill(): Promise<void>;
}

export interface StartBroker {
  /** Holds jars, data, configuration and `broker.log`. */
  dataDir: string;
  log: Log;
  /** Where the jars are kept; give one folder to several brokers. Default: in `dataDir`. */
  cacheDir?: string;
}

/** Two ports at once, so that they differ. */
async function freePorts(): Promise<number[]> {
  const servers = await Promise.all(
    [0, 0].map(
      () =>
        new Promise<ReturnType<typeof createServer>>((resolve, reject) => {
          const server = createServer().once('error', reject);
          server.listen(0, '127.0.0.1', () => resolve(server));
        }),
    ),
  );
  const ports = servers.map(server => (server.address() as { port: number }).port);
  await Promise.all(servers.map(server => new Promise(resolve => server.close(resolve))));
  return ports;
}

function properties(port: number, controllerPort: number, data: string): string {
  return Object.entries({
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'log.dirs': data,
    'num.partitions': 3,
    'default.replication.factor': 1,
    'auto.create.topics.enable': false,
    'offsets.topic.replication.factor': 1,
    'offsets.topic.num.partitions': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    // After a kill, the controller takes the broker back only when the old registration has lapsed.
    'broker.session.timeout.ms': 2000,
    'broker.heartbeat.interval.ms': 500,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 1000,
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join('');
}

/** The `server.properties` of this data folder, on formatted storage; made at the first start. */
async function configuration(dataDir: string, classPath: string): Promise<{ file: string; brokers: string }> {
  const file = join(dataDir, 'server.properties');
  const data = join(dataDir, 'data');
  if (!existsSync(join(data, 'meta.properties'))) {
    const [port, controllerPort] = await freePorts();
    await mkdir(data, { recursive: true });
    await writeFile(file, properties(port!, controllerPort!, data));
    const cluster = randomBytes(16).toString('base64url');
    // One in 64 begins with a dash, and would be an option by itself.
    const format = ['format', `--cluster-id=${cluster}`, '-c', file, '--ignore-formatted'];
    await promisify(execFile)('java', ['-cp', classPath, 'kafka.tools.StorageTool', ...format]);
  }
  const listener = /^advertised\.listeners=PLAINTEXT:\/\/(.*)$/m.exec(await readFile(file, 'utf8'));
  return { file, brokers: listener![1]! };
}

/** Resolves when the broker says that it serves; rejects with the end of its output when it does not get there. */
function started(broker: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    const lines: string[] = [];
    const fail = (reason: string) => {
      clearTimeout(timer);
      reject(new Error(`Kafka ${reason}\n${lines.slice(-15).join('\n')}`));
    };
    const timer = setTimeout(() => fail(`did not start within ${START_TIMEOUT / 1000} s`), START_TIMEOUT);
    broker.once('exit', code => fail(`ended with code ${code}`));
    createInterface({ input: broker.stdout! }).on('line', line => {
      if (lines.length < 2000) lines.push(line);
      if (line.includes('Kafka Server started')) {
        clearTimeout(timer);
        resolve();
      }
    });
  });
}

async function end(broker: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (broker.exitCode !== null || broker.signalCode !== null) return;
  const exited = new Promise<void>(resolve => broker.once('exit', () => resolve()));
  const timer = setTimeout(() => broker.kill('SIGKILL'), STOP_TIMEOUT);
  broker.kill('SIGCONT');
  broker.kill(signal);
  await exited;
  clearTimeout(timer);
}

/** One combined broker and controller (KRaft) on loopback. `brokers` is null, with the reason, where none can run. */
export async function startBroker(options: StartBroker): Promise<Broker | { brokers: null; reason: string }> {
  const { dataDir, log } = options;
  const missing = await missingTools();
  if (missing.length > 0) {
    const reason = `Kafka needs Java ${OLDEST_JAVA} or newer and Maven; missing here: ${missing.join(', ')}`;
    return { brokers: null, reason };
  }
  await mkdir(dataDir, { recursive: true });
  const classPath = join(await kafkaJars(options.cacheDir ?? dataDir, log), '*');
  const { file, brokers } = await configuration(dataDir, classPath);
  const broker = spawn('java', [...JAVA, '-cp', classPath, 'kafka.Kafka', file], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  broker.stdout!.pipe(createWriteStream(join(dataDir, 'broker.log'), { flags: 'a' }));
  try {
    await started(broker);
  } catch (error) {
    await end(broker, 'SIGKILL');
    throw error;
  }
  return {
    brokers,
    pid: broker.pid!,
    stop: () => end(broker, 'SIGTERM'),
    kill: () => end(broker, 'SIGKILL'),
  };
}
