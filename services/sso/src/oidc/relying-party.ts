import type { Outbound } from '@rivergate/outbound';
import { oneTimeToken, type SecretBox } from '@rivergate/secrets';
import {
  authorizationCodeGrant,
  buildAuthorizationUrl,
  buildAuthorizationUrlWithPAR,
  buildEndSessionUrl,
  type Configuration,
  calculatePKCECodeChallenge,
  fetchUserInfo,
  ResponseBodyError,
} from 'openid-client';
import { SignInRefusal } from '../attempts/refusal.ts';
import type { OidcProvider } from '../providers/provider-store.ts';
import { type LogoutToken, readLogoutToken } from './logout-token.ts';
import { type Asked, providerMemory } from './provider-memory.ts';
import { outboundReasonOf } from './refusal-of.ts';

/** What failures mean while a login is asked for, and while its code is traded in. */
const REQUESTING = { refused: 'REQUEST_REFUSED', otherwise: 'DISCOVERY_FAILED' } as const;
const TRADING = { refused: 'TOKEN_REFUSED', otherwise: 'INVALID_ID_TOKEN' } as const;

/** What is kept while the browser is at the provider. */
export interface OidcFlow {
  /** RFC 7636 */
  codeVerifier: string;
  /** OpenID Connect Core, section 3.1.2.1 */
  nonce: string;
}

export interface EndSession {
  redirectUri: string;
  state: string;
  /** That of the sign-in; without it the provider may ask whether it shall, and goes by the subject. */
  idToken: string | undefined;
  subject: string;
}

/** Claims of the ID token, of which signature, issuer, audience, times and nonce are verified, and of the userinfo endpoint. */
export type Claims = { sub: string } & Record<string, unknown>;

/** The platform as a client of providers that administrators have set up. What fails is a SignInRefusal. */
export interface RelyingParty {
  /** @returns where to send the browser (RFC 6749, section 4.1.1; by RFC 9126 where the provider offers that) */
  authorizationUrl(
    provider: OidcProvider,
    request: OidcFlow & { redirectUri: string; state: string; loginHint: string | undefined },
  ): Promise<string>;
  /**
   * Trades a code in.
   *
   * @param returned the address at which the browser came back
   * @param wanted claims that are asked for at the userinfo endpoint, where the ID token lacks one of them
   */
  signedIn(
    provider: OidcProvider,
    returned: URL,
    flow: OidcFlow & { state: string },
    wanted: readonly string[],
  ): Promise<{ claims: Claims; idToken: string }>;
  /**
   * Where to send the browser to sign out (OpenID Connect RP-Initiated Logout 1.0, section 2); null where the provider has no
   * such place.
   */
  endSessionUrl(provider: OidcProvider, request: EndSession): Promise<string | null>;
  /**
   * Whether the provider knows the client: it is asked to trade in a code that it never gave.
   *
   * @throws SignInRefusal where that is not what it objects to
   */
  requireKnownClient(provider: OidcProvider, redirectUri: string): Promise<void>;
  /** Whom a logout token is about (OpenID Connect Back-Channel Logout 1.0, section 2.6). @throws SignInRefusal */
  readLogoutToken(provider: OidcProvider, token: string): Promise<LogoutToken>;
  /** What the provider publishes of itself, fetched anew. */
  configurationOf(provider: Asked): Promise<Configuration>;
}

export function relyingParty(tools: { outbound: Outbound; secretBox: SecretBox }): RelyingParty {
  const { discovered, asking, keysOf } = providerMemory(tools);
  return {
    configurationOf: discovered,
    readLogoutToken: (provider, token) =>
      asking(provider, TRADING, async configuration => {
        const { issuer } = configuration.serverMetadata();
        const expected = { issuer, audience: provider.client_id };
        return await readLogoutToken(token, keysOf(configuration), expected);
      }),
    requireKnownClient: (provider, redirectUri) =>
      asking(provider, TRADING, async configuration => {
        const returned = new URL(redirectUri);
        const { issuer } = configuration.serverMetadata();
        returned.search = new URLSearchParams({ code: oneTimeToken(), iss: issuer }).toString();
        try {
          await authorizationCodeGrant(configuration, returned, { pkceCodeVerifier: oneTimeToken() });
        } catch (cause) {
          // RFC 6749, section 5.2; some find a code invalid that has not the form of theirs.
          const isOfCode =
            cause instanceof ResponseBodyError && /^invalid_(?:grant|request)$/.test(cause.error);
          if (!isOfCode) throw cause;
        }
      }),
    authorizationUrl: (provider, { redirectUri, state, nonce, codeVerifier, loginHint }) =>
      asking(provider, REQUESTING, async configuration => {
        const parameters = {
          redirect_uri: redirectUri,
          scope: provider.scopes.join(' '),
          state,
          nonce,
          code_challenge: await calculatePKCECodeChallenge(codeVerifier),
          code_challenge_method: 'S256',
          ...(loginHint === undefined ? {} : { login_hint: loginHint }),
        };
        const pushed = configuration.serverMetadata().pushed_authorization_request_endpoint;
        const build = pushed === undefined ? buildAuthorizationUrl : buildAuthorizationUrlWithPAR;
        const url = await build(configuration, parameters);
        return overTls(url, provider);
      }),
    signedIn: (provider, returned, { state, nonce, codeVerifier }, wanted) =>
      asking(provider, TRADING, async configuration => {
        requireIssuer(returned, configuration);
        const tokens = await authorizationCodeGrant(configuration, returned, {
          expectedState: state,
          expectedNonce: nonce,
          pkceCodeVerifier: codeVerifier,
          idTokenExpected: true,
        });
        const claims = tokens.claims()!;
        const idToken = tokens.id_token!;
        const { userinfo_endpoint } = configuration.serverMetadata();
        if (userinfo_endpoint === undefined || wanted.every(name => Object.hasOwn(claims, name)))
          return { claims, idToken };
        const more = await fetchUserInfo(configuration, tokens.access_token, claims.sub).catch(cause => {
          throw new SignInRefusal('USERINFO_FAILED', outboundReasonOf(cause) ?? null);
        });
        return { claims: { ...more, ...claims }, idToken };
      }),
    endSessionUrl: (provider, { redirectUri, state, idToken, subject }) =>
      asking(provider, REQUESTING, async configuration => {
        if (configuration.serverMetadata().end_session_endpoint === undefined) return null;
        const url = buildEndSessionUrl(configuration, {
          post_logout_redirect_uri: redirectUri,
          state,
          ...(idToken === undefined ? { logout_hint: subject } : { id_token_hint: idToken }),
        });
        return overTls(url, provider);
      }),
  };
}

/** To a page without TLS only where all of the provider is without, which the operator has allowed. @throws SignInRefusal */
function overTls({ protocol, href }: URL, { issuer }: OidcProvider): string {
  if (protocol !== 'https:' && protocol !== new URL(issuer).protocol)
    throw new SignInRefusal('DISCOVERY_FAILED');
  return href;
}

/** The answer comes from the provider that was asked, as far as it says so (RFC 9207). The library compares again. */
function requireIssuer(returned: URL, configuration: Configuration): void {
  const { issuer, authorization_response_iss_parameter_supported: isPromised } =
    configuration.serverMetadata();
  const named = returned.searchParams.get('iss');
  if (named === null ? isPromised : named !== issuer) throw new SignInRefusal('WRONG_ISSUER');
}
