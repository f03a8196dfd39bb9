import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { get } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTransport } from 'nodemailer';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { listenHttp } from './http.ts';
import type { Message } from './message.ts';
import { listenSmtp } from './smtp.ts';
import { openStore, type Store } from './store.ts';

let directory: string;
let store: Store;
let smtp: Awaited<ReturnType<typeof listenSmtp>>;
let http: Awaited<ReturnType<typeof listenHttp>>;

const open = async (limit?: number) => {
  store = openStore(directory, limit);
  smtp = await listenSmtp(store, 0);
  http = await listenHttp(store, 0);
};
const close = () => Promise.all([smtp.close(), http.close()]);

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'rivergate-mailbox-'));
  await open();
});

afterEach(async () => {
  await close();
  rmSync(directory, { recursive: true });
});

const send = (
  to: string | string[],
  subject: string,
  content: { text?: string; html?: string } = { text: 'Hello' },
) => {
  const transport = createTransport({ host: '127.0.0.1', port: smtp.port, ignoreTLS: true });
  return transport.sendMail({ from: 'Rivergate <no-reply@rivergate.localhost>', to, subject, ...content });
};
const messages = async (query = ''): Promise<Message[]> => {
  const response = await fetch(`${http.url}/dev/mailbox/messages${query}`);
  return ((await response.json()) as { messages: Message[] }).messages;
};

describe('mailbox', () => {
  it('shows a mail that came by SMTP, with its text and its html', async () => {
    await send('ann@example.com', 'Grüße 🎉', { text: 'Code 123456', html: '<p>Code <b>123456</b></p>' });
    expect(await messages()).toEqual([
      {
        id: 1,
        to: 'ann@example.com',
        from: 'no-reply@rivergate.localhost',
        subject: 'Grüße 🎉',
        text: expect.stringContaining('Code 123456'),
        html: expect.stringContaining('<b>123456</b>'),
        sent_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      },
    ]);
  });

  it('answers the mails of one address, whatever its case, newest first', async () => {
    await send('ann@example.com', 'first');
    await send('bob@example.com', 'for bob');
    await send(['carl@example.com', 'ann@example.com'], 'second');
    const subjects = (await messages(`?to=${encodeURIComponent('Ann@Example.com')}`)).map(m => m.subject);
    expect(subjects).toEqual(['second', 'first']);
    expect(await messages('?to=ann')).toEqual([]);
    expect(await messages()).toHaveLength(3);
  });

  it('keeps the mails when it is started again', async () => {
    await send('ann@example.com', 'kept');
    await close();
    await open();
    await send('ann@example.com', 'next');
    expect((await messages()).map(m => [m.id, m.subject])).toEqual([
      [2, 'next'],
      [1, 'kept'],
    ]);
  });

  it('keeps no more mails than its limit, and drops the oldest', async () => {
    await close();
    await open(2);
    for (const subject of ['one', 'two', 'three']) await send('ann@example.com', subject);
    expect((await messages()).map(m => m.subject)).toEqual(['three', 'two']);
    expect(readdirSync(directory)).toHaveLength(2);
  });

  it('refuses a mail that is too large, and takes the next', async () => {
    const large = send('ann@example.com', 'large', { text: 'x'.repeat(11 * 1024 * 1024) });
    await expect(large).rejects.toThrow(/size/i);
    await send('ann@example.com', 'small');
    expect(await messages()).toHaveLength(1);
  });

  it('survives a client that hangs up in the middle of a mail', async () => {
    const socket = connect(smtp.port, '127.0.0.1');
    await once(socket, 'data');
    socket.write('HELO x\r\nMAIL FROM:<a@example.com>\r\nRCPT TO:<b@example.com>\r\nDATA\r\nSubject: half');
    await once(socket, 'data');
    socket.destroy();
    await send('ann@example.com', 'whole');
    expect((await messages()).map(m => m.subject)).toEqual(['whole']);
  });

  it('serves a page that runs its own code only and loads nothing from elsewhere', async () => {
    const response = await fetch(`${http.url}/dev/mailbox`);
    const html = await response.text();
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+'/);
    expect(policy).not.toContain('unsafe');
    expect(html).not.toMatch(/(src|href)="(https?:)?\/\//);
  });

  it("shows a mail's html as a document without scripts, requests or access to the page", async () => {
    await send('ann@example.com', 'evil', {
      html: '<script>alert(1)</script><img src="http://tracker.example/x.png">',
    });
    const response = await fetch(`${http.url}/dev/mailbox/messages/1/html`);
    const policy = response.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain('img-src data:');
    expect(policy).toMatch(/sandbox (?!.*(allow-scripts|allow-same-origin))/);
  });

  it.each([
    ['/dev/mailbox/messages/99/html', 'GET', 404],
    ['/dev/mailbox/messages/../../etc/passwd', 'GET', 404],
    ['/nowhere', 'GET', 404],
    ['/dev/mailbox/messages', 'DELETE', 405],
  ])('answers %s %s with %i', async (path, method, status) => {
    expect((await fetch(`${http.url}${path}`, { method })).status).toBe(status);
  });

  it('answers this machine only, whose name nobody else can choose', async () => {
    const { port } = new URL(http.url);
    const statusAs = (host: string) =>
      new Promise<number>((resolve, reject) => {
        const request = get(`${http.url}/dev/mailbox/messages`, { headers: { host } }, response => {
          response.resume();
          resolve(response.statusCode!);
        });
        request.on('error', reject);
      });
    for (const host of [`127.0.0.1:${port}`, `LOCALHOST:${port}`, 'localhost', `[::1]:${port}`])
      expect([host, await statusAs(host)]).toEqual([host, 200]);
    for (const host of [
      `rebound.example:${port}`,
      'localhost.example',
      `127.0.0.1.nip.example:${port}`,
      'localhost:80@x',
      '10.0.0.1',
    ])
      expect([host, await statusAs(host)]).toEqual([host, 403]);
  });

  it('answers 304 while there is nothing new', async () => {
    const first = await fetch(`${http.url}/dev/mailbox/messages`);
    const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
    expect((await fetch(`${http.url}/dev/mailbox/messages`, { headers })).status).toBe(304);
    await send('ann@example.com', 'new');
    expect((await fetch(`${http.url}/dev/mailbox/messages`, { headers })).status).toBe(200);
  });
});
