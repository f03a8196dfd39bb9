import { randomUUID } from 'node:crypto';
import { CREDENTIAL_HEADER, credentialKey, issueCredential } from '@rivergate/caller';
import { administrator } from '@rivergate/testing';
import { Pool } from 'undici';
import type { Running } from '../gateway/process.ts';
import { questions } from './questions.ts';
import type { Filled } from './seed.ts';

/** Milliseconds for which a question is asked of each organization, and how often at most. */
const LENGTH = 1_000;
const MOST = 300;

/** Milliseconds, and of processor time those of the service for one answer. */
interface Times {
  p50: number;
  p99: number;
  cpu: number;
}

/** How long the same questions take of a small and of a large organization, one after the other. */
export async function benchAnswers(
  { service, env, small, large }: { service: Running; env: NodeJS.ProcessEnv; small: Filled; large: Filled },
  print: (line: string) => void,
): Promise<void> {
  const ask = asker(env, service.url);
  const sizes = [small, large].map(({ members }) => `${members.toLocaleString('en')} members`.padStart(25));
  print(`${'organization'.padEnd(38)}${sizes.join('')}          ratio   cpu ms`);
  print(`${''.padEnd(38)}${'p50 ms       p99 ms'.padStart(25).repeat(2)}     p50    p99`);
  const timesOf = async ({ path }: (typeof questions)[number], organization: Filled): Promise<Times> => {
    const samples: number[] = [];
    const once = async (number: number) => {
      const began = performance.now();
      await ask(path(organization, number), organization.id);
      return performance.now() - began;
    };
    for (let number = 0; number < 5; number++) await once(number);
    const before = service.cpu();
    for (const end = performance.now() + LENGTH; performance.now() < end && samples.length < MOST; )
      samples.push(await once(samples.length));
    const cpu = (service.cpu() - before) / 1_000 / samples.length;
    samples.sort((one, other) => one - other);
    const at = (share: number) => samples[Math.floor(samples.length * share)]!;
    return { p50: at(0.5), p99: at(0.99), cpu };
  };
  for (const question of questions) {
    const [one, other] = [await timesOf(question, small), await timesOf(question, large)];
    const cells = [one.p50, one.p99, other.p50, other.p99].map(time => time.toFixed(2).padStart(12));
    const ratios = [other.p50 / one.p50, other.p99 / one.p99].map(ratio => ratio.toFixed(1).padStart(7));
    print(
      `  ${question.name.padEnd(37)}${cells.join(' ')}${ratios.join('')}${other.cpu.toFixed(2).padStart(9)}`,
    );
  }
  await ask.close();
}

/** Asks as the gateway does for an administrator. */
function asker(env: NodeJS.ProcessEnv, url: string) {
  const key = credentialKey(env);
  const pool = new Pool(url, { connections: 1 });
  const ask = async (path: string, organizationId: number) => {
    const principal = administrator({ userId: 1, organizationId });
    const audience = 'organization';
    const place = { audience, method: 'GET', path: path.split('?', 1)[0]!, principal };
    const answer = await pool.request({
      method: 'GET',
      path,
      headers: { 'x-request-id': randomUUID(), [CREDENTIAL_HEADER]: issueCredential(key, place) },
    });
    const text = await answer.body.text();
    if (answer.statusCode !== 200) throw new Error(`${path} answered ${answer.statusCode}: ${text}`);
  };
  return Object.assign(ask, { close: () => pool.close() });
}
