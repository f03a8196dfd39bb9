import { randomUUID } from 'node:crypto';
import { CREDENTIAL_HEADER, credentialKey, issueCredential, type Principal } from '@rivergate/caller';
import { type CallAnswer, type CallInput, type EndpointSpec, requestTarget } from '@rivergate/endpoint';

export interface TestAnswer {
  status: number;
  headers: Headers;
  /** The parsed JSON, undefined where there is no body. Loosely typed: tests say what they expect of it. */
  // biome-ignore lint/suspicious/noExplicitAny: what an answer holds is what the test is about
  body: any;
  text: string;
}

type Options = { headers?: Record<string, string>; raw?: string | Uint8Array<ArrayBuffer> };

/** Sends requests as one principal. */
export interface TestCaller {
  get(path: string, options?: Options): Promise<TestAnswer>;
  post(path: string, body?: unknown, options?: Options): Promise<TestAnswer>;
  put(path: string, body?: unknown, options?: Options): Promise<TestAnswer>;
  patch(path: string, body?: unknown, options?: Options): Promise<TestAnswer>;
  delete(path: string, body?: unknown, options?: Options): Promise<TestAnswer>;
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
  const send = async (
    method: string,
    path: string,
    body?: unknown,
    options: Options = {},
  ): Promise<TestAnswer> => {
    const content = options.raw ?? (body === undefined ? undefined : JSON.stringify(body));
    const response = await fetch(`${base}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(content === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers(method, path),
        ...options.headers,
      },
      ...(content === undefined ? {} : { body: content }),
    });
    const text = await response.text();
    const isJson = /^application\/(?:[\w.-]+\+)?json\b/.test(response.headers.get('content-type') ?? '');
    return {
      status: response.status,
      headers: response.headers,
      text,
      body: isJson && text ? JSON.parse(text) : undefined,
    };
  };
  return {
    get: (path, options) => send('GET', path, undefined, options),
    post: (path, body, options) => send('POST', path, body, options),
    put: (path, body, options) => send('PUT', path, body, options),
    patch: (path, body, options) => send('PATCH', path, body, options),
    delete: (path, body, options) => send('DELETE', path, body, options),
    async call({ spec }, input: { params?: unknown; query?: unknown; body?: unknown }, options) {
      const { path, query } = requestTarget(spec, input);
      const answer = await send(spec.method.toUpperCase(), path + query, input.body, options);
      if (answer.status >= 300) throw new Error(`${spec.method} ${path} answered ${answer.text}`);
      return spec.bare ? answer.body : answer.body?.data;
    },
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
