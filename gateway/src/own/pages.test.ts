import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { freePort } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { testRoute } from '../testing/stand-in.ts';
import { startTestFleet, type TestFleet } from '../testing/test-fleet.ts';

const SECRET = 'secret-of-a-mailed-link';
const documents = [
  `/verify-email?token=${SECRET}`,
  `/reset-password?token=${SECRET}`,
  `/not-me?token=${SECRET}`,
  `/invitations/${SECRET}`,
  '/invitations',
  '/account',
  `/device?user_code=${SECRET}`,
  '/sign-in',
  '/sign-up',
  `/authorize?state=${SECRET}`,
  `/social?code=${SECRET}`,
];

let fleet: TestFleet;

beforeAll(async () => {
  fleet = await startTestFleet([testRoute('GET', '/api/v1/invitations/{invitation_token}')]);
});

afterAll(() => fleet.stop());

const text = async (path: string) => (await fleet.get(path)).text();

describe('the pages for people', () => {
  it.each(documents)(
    '%s is a page that is kept nowhere, framed by nobody and tells nobody of the link',
    async path => {
      const { status, headers } = await fleet.get(path);
      expect(status).toBe(200);
      expect(Object.fromEntries(headers)).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-store',
        'referrer-policy': 'no-referrer',
        'x-robots-tag': 'noindex, nofollow',
        'x-content-type-options': 'nosniff',
      });
      const policy = headers.get('content-security-policy')!.split(';');
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("form-action 'none'");
      expect(policy.join()).not.toMatch(/unsafe|https?:|\*/);
    },
  );

  it.each(documents)(
    '%s runs nothing inline, everything that it loads is there, and weighs no more than 60 kB',
    async path => {
      const page = await text(path);
      let weight = Buffer.byteLength(page);
      expect(page).not.toContain(SECRET);
      expect(page).not.toMatch(/<script(?! type="module" src="\/pages\/)|<style| style=| on\w+=|src="http/);
      const waiting = [...page.matchAll(/(?:href|src)="(\/pages\/[^"]+)"/g)].map(([, file]) => file!);
      const seen = new Set<string>();
      if (page.includes('id="organization"')) waiting.push('/pages/accent/0b7a75.css');
      for (const file of waiting) {
        if (seen.has(file)) continue;
        seen.add(file);
        const answer = await fleet.get(file);
        expect([file, answer.status]).toEqual([file, 200]);
        const sent = await answer.text();
        weight += Buffer.byteLength(sent);
        // Its lines are sent without what stands before them.
        for (const line of sent.split('\n')) expect([line, line.split('`').length % 2]).toEqual([line, 1]);
        for (const [, name] of sent.matchAll(/from '(\.[^']+)'/g))
          waiting.push(new URL(name!, fleet.url + file).pathname);
        // What comes when it is needed is there as well.
        for (const [, name] of sent.matchAll(/import\('(\.[^']+)'\)/g))
          expect((await fleet.get(new URL(name!, fleet.url + file).pathname)).status).toBe(200);
      }
      expect(seen.size).toBeGreaterThan(4);
      expect(weight).toBeLessThanOrEqual(60_000);
    },
  );

  it('take on a colour by a style sheet at an address that carries it, which holds nothing else of a request', async () => {
    const answer = await fleet.get('/pages/accent/ffe14d.css?x=}*{color:red');
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'text/css; charset=utf-8',
      'cache-control': 'public, max-age=86400',
      'x-content-type-options': 'nosniff',
    });
    expect(await answer.text()).toBe(
      ':root{--accent:#a8942f;--accent-hover:#978529;--on-accent:#000000;--link:#7d6e21}' +
        '@media (prefers-color-scheme:dark){:root{--accent:#ffe14d;--accent-hover:#fff5d3;--on-accent:#000000;--link:#ffe14d}}',
    );
    const known = { 'if-none-match': answer.headers.get('etag')! };
    expect((await fetch(`${fleet.url}/pages/accent/ffe14d.css`, { headers: known })).status).toBe(304);
    for (const name of [
      'red.css',
      'FFE14D.css',
      'ffe14d',
      'ffe14d.css.js',
      'ffe14.css',
      'ffe14d0.css',
      'ffe14d.css%0a',
      '%7d*%7bcolor:red%7d.css',
      '..%2fpage.css',
      '../page.css',
      'x/ffe14d.css',
      '',
    ]) {
      const { status } = await fetch(`${fleet.url}/pages/accent/${name}`);
      // A browser takes dot segments out before it asks.
      expect([name, status]).toEqual([name, name === '../page.css' ? 200 : 404]);
    }
  });

  it('are the only files that can be had, and only read', async () => {
    for (const path of [
      '/pages',
      '/pages/',
      '/pages/page.ts',
      '/pages/..%2fpages.ts',
      '/invitations/a/b',
      '/x/a',
    ])
      expect([path, (await fleet.get(path)).status >= 400]).toEqual([path, true]);
    const answer = await fetch(`${fleet.url}/verify-email`, { method: 'POST', body: '{}' });
    expect(answer.status).toBe(405);
    await answer.arrayBuffer();
    expect((await fetch(`${fleet.url}/invitations/a`, { method: 'HEAD' })).status).toBe(200);
  });

  it('leave no token in the log', async () => {
    const port = await freePort();
    const child = spawn(process.execPath, [join(import.meta.dirname, '../main.ts')], {
      env: { PATH: process.env.PATH, ...fleet.env, PORT: String(port), LOG_LEVEL: 'trace' },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let log = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', chunk => (log += chunk));
    const ended = new Promise(resolve => child.once('exit', resolve));
    const url = `http://127.0.0.1:${port}`;
    await vi.waitFor(async () => expect((await fetch(`${url}/ready`)).status).toBe(200), { timeout: 10_000 });
    for (const path of [...documents, `/api/v1/invitations/${SECRET}`, `/invitation/${SECRET}`])
      await (await fetch(url + path, { headers: { 'x-request-id': 'mailed-link' } })).text();
    child.kill('SIGTERM');
    await ended;
    expect(log.match(/"request_id":"mailed-link"/g)).toHaveLength(documents.length + 2);
    expect(log).not.toContain(SECRET);
  });
});
