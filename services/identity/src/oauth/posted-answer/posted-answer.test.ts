import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  type IdentityUnderTest,
  type Person,
  startIdentityUnderTest,
} from '../../testing/identity-under-test.ts';
import { ISSUER, oauthFixture, refusal, type TestApplication } from '../../testing/oauth-fixture.ts';
import { sealAnswer } from './posted-answer.ts';

const CALLBACK = 'https://app.example.com:8443/callback?tenant=1&x=%22%3E';
const PRIVATE_USE = 'com.example.app:/callback';
const IPV6 = 'http://[::1]/callback';

let identity: IdentityUnderTest;
let oauth: ReturnType<typeof oauthFixture>;
let application: TestApplication;
let person: Person;
beforeAll(async () => {
  identity = await startIdentityUnderTest();
  oauth = oauthFixture(identity);
  application = await oauth.application({ redirect_uris: [CALLBACK] });
  person = await identity.person();
});
afterAll(() => identity?.stop());

const STATE = '"><script>alert(1)</script>&amp;ü';
const asked = (more: Record<string, string> = {}) => ({
  redirect_uri: CALLBACK,
  response_mode: 'form_post',
  state: STATE,
  ...more,
});
/** Where the browser is sent. */
const sentTo = async (more: Record<string, string> = {}) => oauth.authorize(application, person, asked(more));
/** As a browser that comes from the page of sign-in. */
const open = ({ pathname, search }: URL, site: string | null = 'same-origin') =>
  identity.anonymous().get(pathname + search, { headers: site === null ? {} : { 'sec-fetch-site': site } });
const unescaped = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&#39;', "'")
    .replaceAll('&amp;', '&');
const fieldsIn = (html: string) =>
  Object.fromEntries(
    [...html.matchAll(/name="([^"]+)" value="([^"]*)"/g)].map(([, name, value]) => [name, unescaped(value!)]),
  );
const goesOnByItself = (html: string) => html.includes('<script>');

describe('an answer that is posted', () => {
  it('is a form for the client alone, with the code, the state and the issuer, and a code that works', async () => {
    const url = await sentTo();
    expect(url.origin + url.pathname).toBe(`${ISSUER}/oauth/form-post`);
    const { status, text, headers } = await open(url);
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(unescaped(/<form method="post" action="([^"]*)">/.exec(text)![1]!)).toBe(CALLBACK);
    const fields = fieldsIn(text);
    expect(fields).toEqual({ code: expect.stringMatching(/^[\w-]{43}$/), state: STATE, iss: ISSUER });
    expect(text).not.toContain('alert(1)</script>');
    const tokens = await oauth.exchange(application, fields.code!, { redirect_uri: CALLBACK });
    expect(tokens.status).toBe(200);
  });

  it('runs one script and posts to one place, stands in no frame, and is kept by nobody', async () => {
    const { text, headers } = await open(await sentTo());
    const policy = headers.get('content-security-policy')!;
    const script = /<script>(.*?)<\/script>/.exec(text)![1]!;
    const hash = createHash('sha256').update(script).digest('base64');
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`script-src 'sha256-${hash}';`);
    expect(policy).toContain("form-action 'self' https://app.example.com:8443 https:;");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(text).toContain('<noscript><button type="submit">');
    expect(headers.get('cache-control')).toBe('no-store');
    expect(headers.get('referrer-policy')).toBe('strict-origin');
  });

  it('is shown by its address to nobody: neither the code nor the state stands in it', async () => {
    const url = await sentTo();
    const { code } = fieldsIn((await open(url)).text);
    for (const text of [
      url.href,
      Buffer.from(url.searchParams.get('answer')!, 'base64url').toString('latin1'),
    ])
      for (const secret of [code!, STATE, 'app.example.com']) expect(text).not.toContain(secret);
  });

  it('is made once, of ten who come at once', async () => {
    const url = await sentTo();
    const pages = await Promise.all(Array.from({ length: 10 }, () => open(url)));
    expect(pages.map(({ status }) => status)).toEqual(Array(10).fill(200));
    expect(pages.filter(({ text }) => text.includes('<form')).length).toBe(1);
    const late = await open(url);
    expect(late.text).toContain('This sign-in cannot go on');
    expect(late.text).not.toContain('<form');
  });

  it('goes on by itself for who comes from the page of sign-in; from elsewhere somebody has to say so', async () => {
    for (const [site, byItself] of [
      ['same-origin', true],
      ['same-site', false],
      ['cross-site', false],
      ['none', false],
      [null, false],
    ] as const) {
      const { text } = await open(await sentTo(), site);
      expect([site, goesOnByItself(text)]).toEqual([site, byItself]);
      expect(text).toContain('<button type="submit">Go on</button>');
      expect(text).toContain('https://app.example.com:8443');
    }
  });

  it('does not go on by itself for who was led there as to a redirect URI', async () => {
    const url = await sentTo();
    // What our page would lead to for an app that has registered the address.
    const added = oauth.form({ error: 'login_required', state: 'x', iss: ISSUER });
    const { text } = await open(new URL(`${url.href}&${added}`));
    expect([text.includes('<form'), goesOnByItself(text)]).toEqual([true, false]);
  });

  it('is good for a minute with a code, and for a quarter of an hour with an error', async () => {
    const box = identity.resources.secretBox;
    const sealed = (parameters: Record<string, string>) =>
      new URL(`${ISSUER}/oauth/form-post?answer=${sealAnswer(box, { to: CALLBACK, parameters })}`);
    const answers: [URL, number][] = [];
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const now = Date.now();
      for (const seconds of [59, 61]) {
        vi.setSystemTime(now - 1_000 * seconds);
        answers.push([sealed({ code: 'c' }), seconds]);
      }
      for (const seconds of [899, 901]) {
        vi.setSystemTime(now - 1_000 * seconds);
        answers.push([sealed({ error: 'access_denied' }), seconds]);
      }
    } finally {
      vi.useRealTimers();
    }
    const good: number[] = [];
    for (const [url, seconds] of answers) if ((await open(url)).text.includes('<form')) good.push(seconds);
    expect(good).toEqual([59, 899]);
  });

  it('is none where somebody else has made or changed what is sealed', async () => {
    const url = await sentTo();
    const answer = url.searchParams.get('answer')!;
    const other = sealAnswer(identity.resources.secretBox, { to: CALLBACK, parameters: { code: 'x' } });
    for (const wrong of [
      'x',
      answer.slice(0, -2),
      `B${answer.slice(1)}`,
      // The same bytes, written in another way.
      `${answer}=`,
      `${answer}%20`,
      encodeURIComponent(`${answer}#`),
      other.slice(0, 40) + answer.slice(40),
    ]) {
      const { status, text } = await open(new URL(`${ISSUER}/oauth/form-post?answer=${wrong}`));
      expect([status, text.includes('<form')]).toEqual([200, false]);
    }
    expect(refusal(await open(new URL(`${ISSUER}/oauth/form-post`)))).toEqual([400, 'invalid_request']);
    expect(refusal(await open(new URL(`${ISSUER}/oauth/form-post?answer=`)))).toEqual([
      400,
      'invalid_request',
    ]);
    expect(refusal(await open(new URL(`${url.href}&answer=${answer}`)))).toEqual([400, 'invalid_request']);
    expect((await open(url)).text).toContain('<form');
  });
});

describe('an error', () => {
  it('goes the same way, whoever refuses, with the state and the issuer', async () => {
    const json = async (more: object) =>
      new URL(
        (
          await person.caller
            .post('/api/v1/oauth/authorize', { client_id: application.client_id, ...asked(), ...more })
            .expect(200)
        ).body.data.redirect_url,
      );
    const outcomes: [URL, string][] = [
      [await json({ approve: false }), 'access_denied'],
      [await json({ approve: true, prompt: 'none login' }), 'invalid_request'],
      [await json({ approve: true, registration: '{}' }), 'registration_not_supported'],
      [await sentTo({ scope: 'admin' }), 'invalid_scope'],
    ];
    for (const [url, error] of outcomes)
      expect(fieldsIn((await open(url)).text)).toEqual({ error, state: STATE, iss: ISSUER });
    const query = oauth.form({ client_id: application.client_id, ...asked({ prompt: 'none' }) });
    const { data } = (await identity.anonymous().get(`/api/v1/oauth/app-info?${query}`).expect(200)).body;
    for (const [address, error] of [
      [data.redirect_url, 'login_required'],
      [data.denial_url, 'access_denied'],
    ])
      expect(fieldsIn((await open(new URL(address))).text).error).toBe(error);
  });

  it('is what it is to ask for a form where none can be posted, and that is told by query', async () => {
    const native = await oauth.application({
      grant_types: ['authorization_code'],
      token_endpoint_auth_method: 'none',
      redirect_uris: [PRIVATE_USE, IPV6],
    });
    const challenge = { code_challenge: 'x'.repeat(43), code_challenge_method: 'S256' };
    for (const redirect_uri of [PRIVATE_USE, IPV6]) {
      const url = await oauth.authorize(native, person, { ...asked({ redirect_uri }), ...challenge });
      expect([url.href.startsWith(redirect_uri), url.searchParams.get('error')]).toEqual([
        true,
        'invalid_request',
      ]);
      const request = { client_id: native.client_id, response_type: 'code', ...asked({ redirect_uri }) };
      const pushed = await oauth.send('/oauth/par', oauth.form({ ...request, ...challenge }));
      expect(refusal(pushed)).toEqual([400, 'invalid_request']);
    }
  });
});

it('while nobody can know whether an answer was posted before, none is', async () => {
  const url = await sentTo();
  const useAnswer = vi.spyOn(identity.resources.redis, 'set').mockRejectedValue(new Error('away'));
  try {
    expect((await open(url)).status).toBe(503);
  } finally {
    useAnswer.mockRestore();
  }
  expect((await open(url)).text).toContain('<form');
});
