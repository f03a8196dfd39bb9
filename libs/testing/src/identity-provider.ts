import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
import { type ClientMetadata, type Configuration, Provider } from 'oidc-provider';
import { inMemory } from './in-memory.ts';

/** The secret of every client. */
export const SECRET = 'only-for-tests';

/** The platform as a client of the provider of this name. */
export const clientOf = (provider: string, more: Partial<ClientMetadata> = {}): ClientMetadata => ({
  client_id: `rivergate-${provider}`,
  client_secret: SECRET,
  token_endpoint_auth_method: 'client_secret_post',
  redirect_uris: [`http://rivergate.test/api/v1/auth/oauth/${provider}/callback`],
  ...more,
});

/** Someone with an account at the provider: `sub`, and the claims that it makes of the person. */
export type PersonElsewhere = { sub: string } & Record<string, unknown>;

export interface IdentityProviderUnderTest {
  issuer: string;
  provider: Provider;
  /** Gives somebody an account there, for a browser that sends their `sub` as `x-person`. */
  know(person: PersonElsewhere): void;
  /**
   * Goes where a browser is sent, signs in as the person, agrees to everything, and gives the parameters with which the
   * browser is sent back.
   */
  signIn(url: string, person: PersonElsewhere): Promise<Record<string, string>>;
  stop(): Promise<void>;
}

export interface IdentityProviderOptions {
  clients: ClientMetadata[];
  /** Paths of the endpoints, where another provider's are wanted. */
  routes?: Configuration['routes'];
  /** What it can beside the code flow, as `pushedAuthorizationRequests`. */
  features?: Configuration['features'];
  /** Answers what is no part of OAuth; undefined leaves it to the provider. */
  also?(request: IncomingMessage, response: ServerResponse, under: Provider): Promise<boolean>;
}

/** A real OpenID provider on this machine, that signs in whoever the test says. */
export async function startIdentityProvider(
  options: IdentityProviderOptions,
): Promise<IdentityProviderUnderTest> {
  const people = new Map<string, PersonElsewhere>();
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair('RS256', { extractable: true });

  const provider = new Provider(issuer, {
    clients: options.clients,
    adapter: inMemory(),
    ttl: { AccessToken: 60, AuthorizationCode: 60, Grant: 60, IdToken: 60, Interaction: 60, Session: 60 },
    routes: options.routes ?? {},
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'test', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['only-for-tests'] },
    // As the providers people know: claims stand in the ID token, and PKCE is for who uses it.
    conformIdTokenClaims: false,
    pkce: { required: () => false },
    features: { devInteractions: { enabled: false }, ...options.features },
    interactions: { url: (_context, { uid }) => `/interaction/${uid}` },
    scopes: ['openid', 'email', 'profile', 'name', 'read:user', 'user:email'],
    claims: {
      openid: ['sub', 'tid', 'oid', 'xms_edov', 'groups'],
      email: ['email', 'email_verified'],
      profile: ['name', 'picture'],
    },
    // By itself it reaches no address of this machine.
    fetch: (url, options) => fetch(url, { ...options, dispatcher: undefined } as RequestInit),
    findAccount: (_context, accountId) => ({ accountId, claims: () => people.get(accountId)! }),
    renderError(context, out) {
      context.body = JSON.stringify(out);
    },
  });
  const answer = provider.callback();

  async function interact(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { prompt, params, session } = await provider.interactionDetails(request, response);
    if (prompt.name === 'login') {
      const accountId = String(request.headers['x-person']);
      return provider.interactionFinished(request, response, { login: { accountId } });
    }
    const grant = new provider.Grant({
      accountId: session!.accountId,
      clientId: String(params.client_id),
    });
    grant.addOIDCScope(String(params.scope));
    const consent = { grantId: await grant.save() };
    return provider.interactionFinished(request, response, { consent });
  }

  server.on('request', async (request, response) => {
    try {
      if (await options.also?.(request, response, provider)) return;
      if (request.url!.startsWith('/interaction/')) await interact(request, response);
      else await answer(request, response);
    } catch (cause) {
      response.writeHead(500).end(String(cause));
    }
  });

  return {
    issuer,
    provider,
    know: person => void people.set(person.sub, person),
    async signIn(url, person) {
      people.set(person.sub, person);
      const cookies = new Map<string, string>();
      let at = url;
      for (let step = 0; step < 10; step++) {
        const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
        const answered = await fetch(at, { redirect: 'manual', headers: { cookie, 'x-person': person.sub } });
        for (const set of answered.headers.getSetCookie()) {
          const [, name, value] = /^([^=]+)=([^;]*)/.exec(set)!;
          cookies.set(name!, value!);
        }
        const location = answered.headers.get('location');
        if (!location) return formIn(await answered.text());
        const next = new URL(location, at);
        if (next.origin !== issuer) return Object.fromEntries(next.searchParams);
        at = next.href;
      }
      throw new Error('The provider sends in circles');
    },
    stop: () => new Promise(resolve => server.close(() => resolve())),
  };
}

/** The fields of the form that a browser would post (OAuth 2.0 Form Post Response Mode). */
function formIn(html: string): Record<string, string> {
  const fields = [...html.matchAll(/name="([^"]+)" value="([^"]*)"/g)];
  if (fields.length === 0) throw new Error(`The provider answered ${html}`);
  return Object.fromEntries(fields.map(([, name, value]) => [name!, value!]));
}
