import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { CREDENTIAL_HEADER, credentialKey, issueCredential, type Principal } from '@rivergate/caller';
import {
  type CallAnswer,
  type CallInput,
  type EndpointSpec,
  requestTarget,
  type SentFile,
  type WrittenBody,
  writeBody,
} from '@rivergate/endpoint';
import supertest, { type Response } from 'supertest';

export interface TestAnswer {
  status: number;
  headers: Headers;
  /** The parsed JSON, undefined where there is no body. Loosely typed: tests say what they expect of it. */
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the test is about
  body: any;
  text: string;
}

type Options = { headers?: Record<string, string>; raw?: string | Uint8Array<ArrayBuffer> };

/** The answer to come. What `expect` names is checked when it is there; see supertest. */
export interface TestRequest extends Promise<TestAnswer> {
  /** Rejects, with what was answered, where the status is another. */
  expect(status: number): TestRequest;
}

/** Sends requests as one principal. */
export interface TestCaller {
  get(path: string, options?: Options): TestRequest;
  post(path: string, body?: unknown, options?: Options): TestRequest;
  put(path: string, body?: unknown, options?: Options): TestRequest;
  patch(path: string, body?: unknown, options?: Options): TestRequest;
  delete(path: string, body?: unknown, options?: Options): TestRequest;
  /** Sends what the declaration takes and gives the data that it promises; anything but success is an error. */
  call<Spec extends EndpointSpec>(
    endpoint: { spec: Spec },
    input: CallInput<Spec>,
    options?: Options,
  ): Promise<CallAnswer<Spec>>;
}

/** A caller of plain HTTP: `headers` says, for every request, what it sends besides its own. */
export function httpCaller(
  base: string,
  headers: (method: string, path: string) => Record<string, string> = () => ({}),
): TestCaller {
  const send = (
    method: string,
    path: string,
    body?: unknown,
    { raw, headers: own }: Options = {},
  ): TestRequest => {
    const content = raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const test = supertest(base)
      [method.toLowerCase() as 'get'](path)
      .redirects(0)
      .buffer(true)
      .parse(asText)
      // What is sent is text or bytes already.
      .serialize(sent => sent)
      .set({
        'user-agent': 'rivergate-test',
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers(method, path),
        ...own,
      })
      .send(typeof content === 'object' ? Buffer.from(content) : content);
    // Sent right after the expectations were added, not only when somebody awaits the answer.
    const answer = Promise.resolve().then(() => test.then(answerOf));
    const request: TestRequest = Object.assign(answer, {
      expect(status: number) {
        test.expect(status);
        return request;
      },
    });
    return request;
  };
  return {
    get: (path, options) => send('GET', path, undefined, options),
    post: (path, body, options) => send('POST', path, body, options),
    put: (path, body, options) => send('PUT', path, body, options),
    patch: (path, body, options) => send('PATCH', path, body, options),
    delete: (path, body, options) => send('DELETE', path, body, options),
    async call(
      { spec },
      input: { params?: unknown; query?: unknown; body?: unknown; files?: readonly SentFile[] },
      { headers, raw }: Options = {},
    ) {
      const { path, query } = requestTarget(spec, input);
      const written = raw === undefined ? writeBody(spec, input) : undefined;
      const answer = await send(spec.method.toUpperCase(), path + query, undefined, {
        raw: written ? await wholeOf(written.content) : raw,
        headers: { ...(written ? { 'content-type': written.type } : {}), ...headers },
      });
      if (answer.status >= 300) throw new Error(`${spec.method} ${path} answered ${answer.text}`);
      return spec.bare ? answer.body : answer.body?.data;
    },
  };
}

async function wholeOf(content: WrittenBody['content']): Promise<string | Uint8Array<ArrayBuffer>> {
  if (typeof content === 'string') return content;
  return new Uint8Array(Buffer.isBuffer(content) ? content : await buffer(content));
}

/** The text of every kind of answer, as it stands. */
function asText(response: Response, done: (error: Error | null, text: string) => void): void {
  let text = '';
  const incoming = response as unknown as IncomingMessage;
  // Not chained: for an answer that is compressed, superagent's own version of it returns nothing.
  incoming.setEncoding('utf8');
  incoming
    .on('data', chunk => {
      text += chunk;
    })
    .on('end', () => done(null, text))
    .on('error', (error: Error) => done(error, text));
}

function answerOf({ status, headers, body: text }: Response): TestAnswer {
  const isJson = /^application\/(?:[\w.-]+\+)?json\b/.test(headers['content-type'] ?? '');
  return {
    status,
    headers: new Headers(
      Object.entries(headers as IncomingMessage['headers']).flatMap(([name, value]) =>
        [value ?? []].flat().map((one): [string, string] => [name, one]),
      ),
    ),
    text,
    body: isJson && text ? JSON.parse(text) : undefined,
  };
}

/** Milliseconds. A test's principal stands however slow the machine is: often nobody else has ever heard of it. */
const STANDS = -60_000;

/**
 * Calls a service as the gateway does for a principal, or as another service does for itself.
 *
 * @param age milliseconds since the gateway decided what the principal may; the service looks again when it is old
 */
export function credentialCaller(
  env: NodeJS.ProcessEnv,
  url: string,
  audience: string,
  principal: Principal,
  age = STANDS,
): TestCaller {
  const key = credentialKey(env);
  return httpCaller(url, (method, path) => ({
    'x-request-id': randomUUID(),
    [CREDENTIAL_HEADER]: issueCredential(key, {
      audience,
      method,
      path: path.split('?', 1)[0]!,
      principal,
      age,
    }),
  }));
}
