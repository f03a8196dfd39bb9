import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

const run = promisify(execFile);
const MEGABYTE = 1_000_000;

/** Each sends a body of zeros in full before it reads, prints status and answer, and gives up when it cannot. */
const node = `
const [url, bytes, framing] = process.argv.slice(1);
const { hostname, port, pathname } = new URL(url);
const socket = require('node:net').connect(port, hostname);
let answer = '';
socket.on('data', chunk => { answer += chunk; });
socket.on('error', error => { console.log(error.code); process.exit(1); });
socket.on('close', () => console.log(answer.split(' ')[1], answer.slice(answer.indexOf('{'))));
socket.write('POST ' + pathname + ' HTTP/1.1\\r\\nHost: a\\r\\n');
const chunk = Buffer.alloc(100000);
socket.write(framing === 'chunked' ? 'Transfer-Encoding: chunked\\r\\n\\r\\n' : 'Content-Length: ' + bytes + '\\r\\n\\r\\n');
let left = Number(bytes);
const send = () => {
  while (left > 0) {
    left -= chunk.length;
    if (framing === 'chunked') socket.write('186a0\\r\\n');
    const more = socket.write(chunk);
    if (framing === 'chunked') socket.write('\\r\\n');
    if (!more) return socket.once('drain', send);
  }
  if (framing === 'chunked') socket.write('0\\r\\n\\r\\n');
};
send();
`;
const httpClient = `
import sys, http.client, urllib.parse
url = urllib.parse.urlsplit(sys.argv[1])
body = bytes(int(sys.argv[2]))
connection = http.client.HTTPConnection(url.hostname, url.port)
connection.request('POST', url.path, (body[i:i + 100000] for i in range(0, len(body), 100000)) if sys.argv[3] == 'chunked' else body)
answer = connection.getresponse()
print(answer.status, answer.read().decode())
`;
const urllib = `
import sys, urllib.request, urllib.error
try:
    urllib.request.urlopen(urllib.request.Request(sys.argv[1], data=bytes(int(sys.argv[2]))))
except urllib.error.HTTPError as answer:
    print(answer.code, answer.read().decode())
`;

const clients: Record<string, (args: string[]) => readonly [string, string[]]> = {
  'Node, node:net': args => [process.execPath, ['-e', node, ...args]],
  'Python, http.client': args => ['python3', ['-c', httpClient, ...args]],
  'Python, urllib': args => ['python3', ['-c', urllib, ...args]],
};

const hasPython = spawnSync('python3', ['--version']).status === 0;
if (!hasPython) console.error('SKIPPED: python3 is not on this machine; its clients are not tried');

let fleet: TestFleet;

beforeAll(async () => {
  const open = { caller: 'public' } as const;
  fleet = await startTestFleet([
    testRoute('POST', '/api/v1/small', open),
    testRoute('POST', '/api/v1/large', { ...open, bodyLimit: 4 * MEGABYTE }),
    testRoute('POST', '/api/v1/secret'),
    testRoute('GET', '/api/v1/readable', open),
  ]);
});

afterAll(() => fleet.stop());

const refusals = [
  ['/api/v1/small', 413, 'REQUEST_ENTITY_TOO_LARGE'],
  ['/api/v1/large', 413, 'REQUEST_ENTITY_TOO_LARGE'],
  ['/api/v1/secret', 401, 'UNAUTHORIZED'],
  ['/api/v1/nothing', 404, 'NOT_FOUND'],
  ['/api/v1/readable', 405, 'METHOD_NOT_ALLOWED'],
] as const;

describe.each(Object.keys(clients))('%s', name => {
  describe.runIf(hasPython || name.startsWith('Node'))('that sends everything before it reads', () => {
    it.each(refusals)('gets its refusal at 5 and 50 MB: %s', async (path, status, code) => {
      for (const size of [5 * MEGABYTE, 50 * MEGABYTE]) {
        const [command, args] = clients[name]!([fleet.url + path, String(size), 'length']);
        const { stdout } = await run(command, args);
        expect(stdout).toMatch(new RegExp(`^${status} \\{.*"${code}"`));
      }
    });
  });
});

describe.each(['Node, node:net', 'Python, http.client'])('%s', name => {
  describe.runIf(hasPython || name.startsWith('Node'))('that does not declare its length', () => {
    it.each(['/api/v1/small', '/api/v1/large'])('gets its refusal from the stream: %s', async path => {
      const [command, args] = clients[name]!([fleet.url + path, String(50 * MEGABYTE), 'chunked']);
      const { stdout } = await run(command, args);
      expect(stdout).toMatch(/^413 /);
    });
  });
});
