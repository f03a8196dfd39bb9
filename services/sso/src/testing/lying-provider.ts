import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose';

/** An OpenID provider that says what a test has it say, right or wrong. */
export interface LyingProvider {
  issuer: string;
  /** In place of what it would publish. */
  metadata: Record<string, unknown>;
  /** Claims in place of those that would be right. */
  claims: JWTPayload;
  /** In place of signing by the published key. */
  sign: ((claims: JWTPayload) => Promise<string>) | undefined;
  /** What the token endpoint answers in place of tokens. */
  tokenAnswer: { status: number; body: unknown } | undefined;
  userinfo: Record<string, unknown> | undefined;
  /** Requests that it got: path, and the form where there was one. */
  asked: { path: string; form: URLSearchParams }[];
  /** Signs by the published key. */
  signed(claims: JWTPayload): Promise<string>;
  /** Signs with a new key from now on, which is published in place of the old one, under its name. */
  rotateKeys(): Promise<void>;
  /** How the browser comes back from a request. */
  back(request: URL, more?: Record<string, string>): Record<string, string>;
  stop(): Promise<void>;
}

export async function startLyingProvider(): Promise<LyingProvider> {
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  let pair = await generateKeyPair('RS256', { extractable: true });
  let nonce: string | null = null;

  const provider: LyingProvider = {
    issuer,
    metadata: {},
    claims: {},
    sign: undefined,
    tokenAnswer: undefined,
    userinfo: undefined,
    asked: [],
    signed: claims =>
      new SignJWT(claims).setProtectedHeader({ alg: 'RS256', kid: 'key-0' }).sign(pair.privateKey),
    async rotateKeys() {
      pair = await generateKeyPair('RS256', { extractable: true });
    },
    back(request, more = {}) {
      nonce = request.searchParams.get('nonce');
      return { code: 'a-code', state: request.searchParams.get('state')!, ...more };
    },
    stop: () => new Promise(resolve => server.close(() => resolve())),
  };

  async function idToken(): Promise<string> {
    const now = Math.floor(Date.now() / 1_000);
    const right = { iss: issuer, aud: 'rivergate', sub: 'liar', nonce, iat: now, exp: now + 60 };
    const claims = { ...right, ...provider.claims } as JWTPayload;
    return await (provider.sign ?? provider.signed)(claims);
  }

  const answers: Record<string, () => Promise<unknown> | unknown> = {
    '/.well-known/openid-configuration': () => ({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      token_endpoint_auth_methods_supported: ['client_secret_post'],
      id_token_signing_alg_values_supported: ['RS256'],
      ...(provider.userinfo && { userinfo_endpoint: `${issuer}/userinfo` }),
      ...provider.metadata,
    }),
    '/jwks': async () => ({
      keys: [{ ...(await exportJWK(pair.publicKey)), kid: 'key-0', use: 'sig', alg: 'RS256' }],
    }),
    '/token': async () => ({
      access_token: 'an-access-token',
      token_type: 'bearer',
      id_token: await idToken(),
    }),
    '/userinfo': () => provider.userinfo,
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url!.split('?', 1)[0]!;
    provider.asked.push({ path, form: new URLSearchParams(await text(request)) });
    const instead = path === '/token' ? provider.tokenAnswer : undefined;
    const { status = 200, body = await answers[path]?.() } = instead ?? {};
    response.writeHead(body === undefined ? 404 : status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body ?? {}));
  }
  server.on('request', (request, response) => {
    answer(request, response).catch(cause => response.writeHead(500).end(String(cause)));
  });
  return provider;
}
