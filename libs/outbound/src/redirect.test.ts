import { Readable } from 'node:stream';
import { certificateAuthority } from '@rivergate/testing/certificate-authority';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type NameServer, startNameServer } from './testing/name-server.ts';
import { expectReason, outboundUnderTest } from './testing/outbound-under-test.ts';
import { startWebServer, type WebServer } from './testing/web-server.ts';

let names: NameServer;
let first: WebServer;
let second: WebServer;
let secure: WebServer;

/** `/302/<URL, percent-encoded>` leads there. */
const leading: Parameters<typeof startWebServer>[0] = (request, response) => {
  const [, status, location] = /^\/(3\d\d)\/(.+)$/.exec(request.url!) ?? [];
  if (status) response.writeHead(Number(status), { location: decodeURIComponent(location!) }).end('led on');
  else response.end('arrived');
};

beforeAll(async () => {
  names = await startNameServer();
  names.set('allowed.test', '127.0.0.1');
  names.set('inside.test', '127.0.0.2');
  first = await startWebServer(leading);
  second = await startWebServer(leading);
  const authority = await certificateAuthority();
  authority.trust();
  secure = await startWebServer(leading, await authority.certify('allowed.test'));
});
afterAll(() => names?.stop());
beforeEach(() => {
  for (const server of [first, second, secure]) server.requests.length = 0;
});

const fetch = () => outboundUnderTest({ allow: '127.0.0.1', nameServer: names.address });
const at = ({ port }: WebServer, path = '/there') =>
  `${port === secure.port ? 'https' : 'http'}://allowed.test:${port}${path}`;
const to = (server: WebServer, location: string, status = 302) =>
  at(server, `/${status}/${encodeURIComponent(location)}`);
const secrets = { authorization: 'Bearer a', cookie: 'a=b', 'x-signature': 'c', accept: 'text/plain' };

it('is not followed unless asked: the answer is given as it is', async () => {
  const answer = await fetch().request(to(first, at(second)));
  expect(answer.status).toBe(302);
  expect(answer.headers.get('location')).toBe(at(second));
  expect(second.requests).toEqual([]);
});

describe('a redirect that is followed', () => {
  it('leads on by relative and absolute URLs, as often as it may', async () => {
    const twice = to(first, `/307/${encodeURIComponent(at(second))}`);
    const answer = await fetch().request(twice, { redirects: 2 });
    expect(await answer.text()).toBe('arrived');
    expect(answer.url).toBe(at(second));
    await expectReason(fetch().request(twice, { redirects: 1 }), 'redirect_not_allowed');
    await expectReason(fetch().request(to(first, '?'), { redirects: 3 }), 'redirect_not_allowed');
    expect(first.requests.length).toBeLessThanOrEqual(2 + 2 + 4);
  });

  it.each([
    ['http://127.0.0.2/', 'address_not_allowed'],
    ['http://inside.test/', 'address_not_allowed'],
    ['http://169.254.169.254/latest/meta-data/', 'address_not_allowed'],
    ['https://[::1]/', 'address_not_allowed'],
    ['http://8.8.8.8/', 'scheme_not_allowed'],
    ['file:///etc/passwd', 'scheme_not_allowed'],
    ['http://user:secret@allowed.test/', 'invalid_url'],
    ['http://allowed.test:22/', 'port_not_allowed'],
    ['http://', 'invalid_url'],
  ] as const)('to %s is refused as if it had been given', async (location, reason) => {
    await expectReason(fetch().request(to(first, location), { redirects: 5 }), reason);
  });

  it('goes from no TLS to TLS, and never back', async () => {
    const up = await fetch().request(to(first, at(secure)), { redirects: 1 });
    expect(await up.text()).toBe('arrived');
    const down = fetch().request(to(secure, at(first)), { redirects: 1, http: true });
    await expectReason(down, 'redirect_not_allowed');
    expect(first.requests.length).toBe(1);
  });

  it('takes headers along to the same origin, and to another one only those that say nothing', async () => {
    const options = { redirects: 2, headers: secrets };
    await (await fetch().request(to(first, `/302/${encodeURIComponent(at(second))}`), options)).discard();
    expect(first.requests.map(({ headers }) => headers)).toEqual([
      expect.objectContaining(secrets),
      expect.objectContaining(secrets),
    ]);
    expect(Object.keys(second.requests[0]!.headers).toSorted()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
      'user-agent',
    ]);
  });

  it('asks by GET and without the body after 301, 302 and 303, and as before after 307 and 308', async () => {
    const options = {
      method: 'POST',
      body: 'content',
      headers: { 'content-type': 'text/plain' },
      redirects: 1,
    } as const;
    for (const status of [301, 302, 303])
      await (await fetch().request(to(first, '/there', status), options)).discard();
    const arrived = () => first.requests.filter(({ url }) => url === '/there');
    expect(arrived().map(({ method, body }) => method + body)).toEqual(['GET', 'GET', 'GET']);
    expect(arrived()[0]!.headers).not.toHaveProperty('content-type');
    for (const status of [307, 308])
      await (await fetch().request(to(first, '/there', status), options)).discard();
    expect(
      arrived()
        .slice(3)
        .map(({ method, body }) => method + body),
    ).toEqual(['POSTcontent', 'POSTcontent']);
  });

  it('takes no body to another origin, and no stream anywhere', async () => {
    const options = { method: 'POST', redirects: 1 } as const;
    const elsewhere = fetch().request(to(first, at(second), 307), { ...options, body: 'secret' });
    await expectReason(elsewhere, 'redirect_not_allowed');
    const stream = Readable.from(['a']);
    await expectReason(
      fetch().request(to(first, '/there', 308), { ...options, body: stream }),
      'redirect_not_allowed',
    );
    expect(second.requests).toEqual([]);
  });
});
