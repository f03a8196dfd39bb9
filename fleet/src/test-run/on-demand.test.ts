import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { testChromium, testKafka } from '@rivergate/testing/on-demand';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { clone } from '../launch/roster.ts';
import { listenOnDemand, type Offer, type OnDemand } from './on-demand.ts';

let open: OnDemand<'kafka' | 'chromium'> | undefined;
let refused: string[];

async function offering(kafka: () => Promise<Offer>) {
  refused = [];
  open = await listenOnDemand({ kafka, chromium: async () => ({ value: '/usr/bin/chromium' }) });
  open.refused = (name, reason) => refused.push(`${name}: ${reason}`);
  vi.stubEnv('TEST_ON_DEMAND_URL', open.url);
  vi.stubEnv('TEST_KAFKA_BROKERS', '');
}

afterEach(async () => {
  vi.unstubAllEnvs();
  await open?.close();
  open = undefined;
});

describe('what few tests need', () => {
  it('is started when the first test asks for it, and once', async () => {
    const kafka = vi.fn(async () => ({ value: '127.0.0.1:9092' }));
    await offering(kafka);
    expect(await testChromium()).toEqual({ value: '/usr/bin/chromium' });
    expect(kafka).not.toHaveBeenCalled();
    const answers = await Promise.all(Array.from({ length: 10 }, testKafka));
    expect(answers).toEqual(Array.from({ length: 10 }, () => ({ value: '127.0.0.1:9092' })));
    expect(kafka).toHaveBeenCalledOnce();
  });

  it('is reported once where this machine cannot have it, also when starting it fails', async () => {
    await offering(() => Promise.reject(new Error('no Java')));
    expect(await Promise.all([testKafka(), testKafka()])).toEqual([
      { reason: 'no Java' },
      { reason: 'no Java' },
    ]);
    expect(refused).toEqual(['kafka: no Java']);
  });

  it('is never skipped in silence where nobody can be asked', async () => {
    vi.stubEnv('TEST_ON_DEMAND_URL', '');
    vi.stubEnv('TEST_KAFKA_BROKERS', '');
    await expect(testKafka()).rejects.toThrow('npm test');
  });

  it('is asked for by every test that uses it: none reads the variable that only some runs set', () => {
    const variable = ['TEST_KAFKA', 'BROKERS'].join('_');
    const files = globSync('{libs,services,gateway,fleet,deploy,bench}/**/*.ts', {
      cwd: clone,
      exclude: path => path.endsWith('node_modules'),
    });
    const reading = files.filter(file => readFileSync(join(clone, file), 'utf8').includes(variable));
    expect(reading.toSorted()).toEqual([
      'fleet/src/test-run/on-demand.test.ts',
      'libs/testing/src/on-demand.ts',
    ]);
  });
});
