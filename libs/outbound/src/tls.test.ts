import type { TLSSocket } from 'node:tls';
import { certificateAuthority } from '@rivergate/testing/certificate-authority';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type NameServer, startNameServer } from './testing/name-server.ts';
import { expectReason, failureOf, outboundUnderTest } from './testing/outbound-under-test.ts';
import { startWebServer, type WebServer } from './testing/web-server.ts';

let names: NameServer;
let trusted: Awaited<ReturnType<typeof certificateAuthority>>;
beforeAll(async () => {
  names = await startNameServer();
  names.set('secure.test', '127.0.0.1');
  trusted = await certificateAuthority();
  trusted.trust();
});
afterAll(() => names?.stop());
afterEach(() => {
  delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
});

const fetcher = () => outboundUnderTest({ allow: '127.0.0.1', nameServer: names.address });
const secured = (identity: { key: string; cert: string }): Promise<WebServer> =>
  startWebServer((request, response) => {
    response.end((request.socket as TLSSocket & { servername: string }).servername);
  }, identity);

it('a certificate for the name is accepted, and the name is asked for though an address is connected to', async () => {
  const { port, requests } = await secured(await trusted.certify('secure.test'));
  const answer = await fetcher().request(`https://secure.test:${port}/`);
  expect(await answer.text()).toBe('secure.test');
  expect(requests[0]?.headers.host).toBe(`secure.test:${port}`);
});

it('a certificate of another name, of an unknown authority, and one that has expired are refused', async () => {
  const unknown = await certificateAuthority();
  const wrong = [
    await trusted.certify('other.test'),
    await unknown.certify('secure.test'),
    await trusted.certify('secure.test', { notAfterDate: new Date(1_000_000_000_000) }),
  ];
  const codes: unknown[] = [];
  for (const identity of wrong) {
    const { port, requests } = await secured(identity);
    const failure = await failureOf(fetcher().request(`https://secure.test:${port}/secret`));
    expect(failure.reason).toBe('tls');
    expect(requests).toEqual([]);
    codes.push(failure.code);
  }
  expect(codes).toEqual([
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'CERT_HAS_EXPIRED',
  ]);
});

it('verification cannot be turned off by the environment', async () => {
  const { port } = await secured(await (await certificateAuthority()).certify('secure.test'));
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
  await expectReason(fetcher().request(`https://secure.test:${port}/`), 'tls');
});

it('a server without TLS is refused as one', async () => {
  const { port } = await startWebServer((_request, response) => void response.end());
  await expectReason(fetcher().request(`https://secure.test:${port}/`), 'tls');
});
