import { freePort } from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type NameServer, startNameServer } from './testing/name-server.ts';
import { expectReason, failureOf, outboundUnderTest } from './testing/outbound-under-test.ts';
import { startWebServer, type WebServer } from './testing/web-server.ts';

let names: NameServer;
let server: WebServer;
beforeAll(async () => {
  names = await startNameServer();
  server = await startWebServer((_request, response) => void response.end('here'));
});
afterAll(() => names?.stop());

const fetcher = (allow = '', onRefusal?: (refusal: { host: string; address: string }) => void) =>
  outboundUnderTest({ allow, nameServer: names.address, onRefusal });
const at = (host: string, path = '/') => `http://${host}:${server.port}${path}`;

describe('without exceptions of the operator', () => {
  let connections: number;
  beforeEach(() => {
    connections = server.connections;
  });

  it.each([
    '127.0.0.1',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '0x7f000001',
    '0177.0.0.01',
    '127.0.0.1.',
    '%31%32%37.0.0.1',
    '１２７.0.0.1',
    '0',
    'localhost',
    'LOCALHOST.',
    'a.localhost',
    '[::1]',
    '[::ffff:127.0.0.1]',
    '[::ffff:7f00:1]',
    '[::127.0.0.1]',
    '[64:ff9b::7f00:1]',
    '[2002:7f00:1::]',
    '[::]',
  ])('this machine is not reached as %s, with and without TLS', async host => {
    const fetch = fetcher();
    await expectReason(fetch.request(at(host), { http: true }), 'address_not_allowed');
    await expectReason(fetch.request(at(host).replace('http:', 'https:')), 'address_not_allowed');
    await expectReason(fetch.check(at(host), { http: true }), 'address_not_allowed');
    expect(server.connections).toBe(connections);
  });

  it.each(['127.0.0.1', '169.254.169.254', '::1', 'fd00:ec2::254', '::ffff:10.0.0.1', '10.0.0.1'])(
    'a name that leads to %s is refused, and the operator alone is told the address',
    async address => {
      names.set('rebound.test', address);
      const told: unknown[] = [];
      const refused = fetcher('', refusal => told.push(refusal)).request(at('rebound.test'), { http: true });
      const failure = await failureOf(refused);
      expect(failure.reason).toBe('address_not_allowed');
      expect(failure.message).not.toContain(address);
      expect(told).toEqual([{ host: 'rebound.test', address: address.replace('::ffff:', '') }]);
      expect(server.connections).toBe(connections);
    },
  );

  it('one address that is not allowed among many is enough', async () => {
    names.set('both.test', '127.0.0.1', '127.0.0.2', 'fd00::1');
    await expectReason(fetcher('127.0.0.1').request(at('both.test')), 'address_not_allowed');
    expect(server.connections).toBe(connections);
  });

  it('an alias leads no further than the name itself', async () => {
    names.set('alias.test', 'inside.test');
    names.set('inside.test', '127.0.0.1');
    await expectReason(fetcher().request(at('alias.test'), { http: true }), 'address_not_allowed');
  });
});

it.each([
  ['', 'invalid_url'],
  ['//a.test', 'invalid_url'],
  ['https://', 'invalid_url'],
  ['https://a b', 'invalid_url'],
  ['http://[fe80::1%25eth0]/', 'invalid_url'],
  ['https://user@a.test/', 'invalid_url'],
  ['https://:secret@a.test/', 'invalid_url'],
  ['file:///etc/passwd', 'scheme_not_allowed'],
  ['ftp://a.test/', 'scheme_not_allowed'],
  ['gopher://a.test/', 'scheme_not_allowed'],
  ['data:text/plain,a', 'scheme_not_allowed'],
  ['ws://a.test/', 'scheme_not_allowed'],
  ['unix:///var/run/docker.sock', 'scheme_not_allowed'],
  ['http://8.8.8.8/', 'scheme_not_allowed'],
  ['https://a.test:25/', 'port_not_allowed'],
  ['https://a.test:0/', 'port_not_allowed'],
  ['https://a.test:22/', 'port_not_allowed'],
] as const)('%j is refused as %s', async (url, reason) => {
  await expectReason(fetcher().request(url), reason);
  await expectReason(fetcher().check(url), reason);
  await expectReason(fetcher().fetch()(url), reason);
});

it('a URL that is very long is refused', async () => {
  await expectReason(fetcher().request(`https://a.test/${'a'.repeat(8_000)}`), 'invalid_url');
});

it('ports can be limited further', async () => {
  const fetch = fetcher('127.0.0.1');
  await expectReason(fetch.request(at('127.0.0.1'), { ports: [443] }), 'port_not_allowed');
  expect((await fetch.request(at('127.0.0.1'), { ports: [server.port] })).status).toBe(200);
});

describe('what the operator allows', () => {
  it('by network is reached, also without TLS, under the name that was given', async () => {
    names.set('inside.test', '127.0.0.1');
    const answer = await fetcher('127.0.0.0/8').request(at('inside.test', '/a?b=%20'));
    expect(await answer.text()).toBe('here');
    expect(server.requests.at(-1)).toMatchObject({
      url: '/a?b=%20',
      headers: { host: `inside.test:${server.port}`, 'accept-encoding': 'identity' },
    });
  });

  it('by name is reached under that name, and no other', async () => {
    names.set('inside.test', '127.0.0.1');
    names.set('other.test', '127.0.0.1');
    const fetch = fetcher('inside.test');
    expect((await fetch.request(at('inside.test.'))).status).toBe(200);
    await expectReason(fetch.request(at('other.test'), { http: true }), 'address_not_allowed');
    await expectReason(fetch.request(at('127.0.0.1'), { http: true }), 'address_not_allowed');
  });

  it('leads from localhost to this machine without asking a name server', async () => {
    const before = names.questions.length;
    expect((await fetcher('127.0.0.1,::1').request(at('localhost'))).status).toBe(200);
    expect(names.questions.length).toBe(before);
  });
});

describe('a name that is rebound', () => {
  it('right after it was checked is connected to as it was checked, and not looked up a second time', async () => {
    const fetch = fetcher('127.0.0.1');
    names.rebind('moving.test', '127.0.0.1', '127.0.0.2');
    const before = names.questions.length;
    expect(await (await fetch.request(at('moving.test'))).text()).toBe('here');
    expect(names.questions.slice(before).toSorted()).toEqual(['A moving.test', 'AAAA moving.test']);
  });

  it('is refused with the next request, although a connection is open', async () => {
    const fetch = fetcher('127.0.0.1');
    names.rebind('moving.test', '127.0.0.1', '127.0.0.2');
    await (await fetch.request(at('moving.test'))).discard();
    await expectReason(fetch.request(at('moving.test')), 'address_not_allowed');
  });
});

describe('connections', () => {
  it('are used again for the same checked addresses, and for no others', async () => {
    names.set('kept.test', '127.0.0.1');
    const fetch = fetcher('127.0.0.1,::1');
    const before = server.connections;
    for (let time = 0; time < 3; time++) await (await fetch.request(at('kept.test'))).discard();
    expect(server.connections).toBe(before + 1);
    // Nothing listens at ::1: the other address is tried.
    names.set('kept.test', '::1', '127.0.0.1');
    expect(await (await fetch.request(at('kept.test'))).text()).toBe('here');
    names.set('other.test', '127.0.0.1');
    await (await fetch.request(at('other.test'))).discard();
    expect(server.connections).toBe(before + 3);
  });

  it('that cannot be made are told of by a reason alone', async () => {
    const failure = await failureOf(fetcher('127.0.0.1').request(`http://127.0.0.1:${await freePort()}/`));
    expect(failure).toMatchObject({ reason: 'refused', code: 'ECONNREFUSED' });
  });

  it('are not led through a proxy that the environment names', async () => {
    const before = { ...process.env };
    Object.assign(process.env, {
      http_proxy: 'http://127.0.0.1:9',
      HTTP_PROXY: 'http://127.0.0.1:9',
      NODE_USE_ENV_PROXY: '1',
    });
    try {
      expect((await fetcher('127.0.0.1').request(at('127.0.0.1'))).status).toBe(200);
    } finally {
      process.env = before;
    }
  });
});

it('a name that does not exist, or has no address, is told of as such', async () => {
  names.set('empty.test');
  await expectReason(fetcher().request('https://missing.test/'), 'dns');
  await expectReason(fetcher().request('https://empty.test/'), 'dns');
});
