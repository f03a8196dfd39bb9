import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  type Configuration,
  calculatePKCECodeChallenge,
} from 'openid-client';
import type { FlowSecrets, Grant } from './provider.ts';

/** Seconds for which a provider is waited for, each time that it is asked. */
export const TIMEOUT = 5;

/** What lets the client speak to a provider without TLS, which settings allow on this machine only. */
export const withoutTls = (address: URL) => (address.protocol === 'http:' ? [allowInsecureRequests] : []);

/** The authorization request (RFC 6749, section 4.1.1) with a challenge for the verifier (RFC 7636, S256). */
export async function authorizationRequest(
  configuration: Configuration,
  redirectUri: string,
  { state, secrets, parameters }: { state: string; secrets: FlowSecrets; parameters: Record<string, string> },
): Promise<string> {
  const url = buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    state,
    code_challenge: await calculatePKCECodeChallenge(secrets.codeVerifier),
    code_challenge_method: 'S256',
    ...parameters,
  });
  return url.href;
}

/**
 * Trades the code in. The issuer is held against the provider's (RFC 9207): one that is missing is missed where the
 * provider is known to send it, unless whoever passes the code on does not pass it on.
 *
 * @param idToken whether one has to come, with the nonce of the flow; a code of no flow brings one without a nonce
 */
export function tokensFor(
  configuration: Configuration,
  redirectUri: string,
  { code, flow, issuer = configuration.serverMetadata().issuer }: Grant,
  idToken: boolean,
) {
  const answered = new URL(redirectUri);
  answered.search = new URLSearchParams({
    code,
    ...(flow && { state: flow.state }),
    ...(issuer !== null && { iss: issuer }),
  }).toString();
  return authorizationCodeGrant(configuration, answered, {
    expectedState: flow?.state,
    pkceCodeVerifier: flow?.secrets.codeVerifier,
    ...(idToken && { idTokenExpected: true, expectedNonce: flow?.secrets.nonce }),
  });
}
