import { eventually } from '@rivergate/testing';
import { certificateAuthority } from '@rivergate/testing/certificate-authority';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { connectRedis, whenConnected } from './index.ts';
import { startTestCluster, startTestSentinel, startTestServer, type Tls } from './testing/index.ts';

type Line = { reason: string; message: string };

let known: Awaited<ReturnType<typeof certificateAuthority>>;
let unknown: typeof known;
beforeAll(async () => {
  [known, unknown] = await Promise.all([certificateAuthority(), certificateAuthority()]);
  known.trust();
});
afterEach(() => {
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
});

const identity = async (authority: typeof known, name = '127.0.0.1'): Promise<Tls> => ({
  ...(await authority.certify(name)),
  authority: authority.cert,
});

/** What is logged of an address that cannot be used, until `wanted` is. */
async function expectRefused(url: string, wanted: Partial<Line>): Promise<void> {
  const lines: Line[] = [];
  const redis = connectRedis(
    url,
    { warn: (facts, message) => lines.push({ ...(facts as { reason: string }), message }) },
    'waits',
  );
  try {
    await eventually(() => lines.length > 0, 'a line of the log');
    await expect(redis.set('access:test', 'plain')).rejects.toThrow();
    expect(redis.status).not.toBe('ready');
    expect(lines).toEqual(expect.arrayContaining([expect.objectContaining(wanted)]));
    expect(new Set(lines.map(({ reason }) => reason)).size, 'each reason once').toBe(lines.length);
    expect(JSON.stringify(lines)).not.toMatch(/of\/rivergate|wrong-horse/);
  } finally {
    redis.disconnect();
  }
}

const certificate =
  'The certificate of Redis is refused; an authority of your own is named by NODE_EXTRA_CA_CERTS';
const login = 'Redis refuses the user or the password';

const forms = {
  'one server': startTestServer,
  'a cluster of three': startTestCluster,
  'a Redis behind Sentinels': startTestSentinel,
};

describe.each(Object.entries(forms))('%s', (form, start) => {
  let trusted: { url: string; stop(): Promise<void> };
  let untrusted: typeof trusted;
  beforeAll(async () => {
    [trusted, untrusted] = await Promise.all([start(await identity(known)), start(await identity(unknown))]);
  });
  afterAll(async () => {
    await Promise.all([trusted?.stop(), untrusted?.stop()]);
  });

  it('is used by the user with the least rights, over TLS', async () => {
    const redis = connectRedis(
      trusted.url,
      { warn: facts => expect.unreachable(JSON.stringify(facts)) },
      'waits',
    );
    await whenConnected(redis, 5_000);
    expect(await redis.set('access:test', 'secured')).toBe('OK');
    redis.disconnect();
  });

  it('of an authority that is not known is refused, and the log says so', async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    await expectRefused(untrusted.url, {
      message: certificate,
      reason: 'self-signed certificate in certificate chain',
    });
  });

  it('that refuses the password is not used, and the log says so', async () => {
    await expectRefused(trusted.url.replace(/(rivergate:)[^@]*/, '$1wrong-horse'), { message: login });
    if (form.includes('Sentinels'))
      await expectRefused(trusted.url.replace(/(sentinel_password=).*/, '$1wrong-horse'), { message: login });
  });

  it('with TLS is not reached without it', async () => {
    await expectRefused(trusted.url.replace('rediss', 'redis'), { message: 'Redis does not answer' });
  });
});

it('a certificate for another name is refused, and the log says so', async () => {
  const { url, stop } = await startTestServer(await identity(known, 'redis.example'));
  await expectRefused(url, { message: certificate });
  await stop();
});

it('a server without TLS is not used where rediss is asked for', async () => {
  const { url, stop } = await startTestServer();
  await expectRefused(url.replace('redis', 'rediss'), { message: 'Redis does not answer' });
  await stop();
});
