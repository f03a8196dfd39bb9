import {
  type ClientAuth,
  ClientSecretPost,
  type Configuration,
  discovery,
  enableNonRepudiationChecks,
} from 'openid-client';
import { authorizationRequest, TIMEOUT, tokensFor, withoutTls } from './client.ts';
import type { ProviderDeclaration, ProviderSettings, SocialProfile } from './provider.ts';

/** Milliseconds for which a provider's metadata counts. Its keys are fetched anew whenever one is not known. */
const METADATA_LIFETIME = 3_600_000;

/** Claims of an ID token whose signature, issuer, audience, times and nonce are verified. */
export type Claims = { sub: string } & Record<string, unknown>;

interface OidcProvider {
  name: string;
  title: string;
  /** Default of `SOCIAL_<NAME>_ISSUER`; its metadata are discovered (OpenID Connect Discovery 1.0). */
  issuer: string;
  scope: string;
  /** Further parameters of the authorization request. */
  parameters?: Record<string, string>;
  /** How the client proves itself; by default by `SOCIAL_<NAME>_CLIENT_SECRET`. */
  clientAuthentication?(settings: ProviderSettings): ClientAuth;
  /** @param unsigned what the browser brought beside the code, of which nothing is proved */
  profileOf(claims: Claims, unsigned: string | undefined): SocialProfile;
}

/** A provider that speaks OpenID Connect: who signed in is what its ID token says. */
export function oidcProvider(declared: OidcProvider): ProviderDeclaration {
  const { name, title, scope, parameters, profileOf } = declared;
  const secretOf =
    declared.clientAuthentication ?? (({ required }) => ClientSecretPost(required('CLIENT_SECRET')));
  return {
    name,
    title,
    configure(settings) {
      const { clientId, redirectUri } = settings;
      const issuer = settings.address('ISSUER', declared.issuer);
      const secret = secretOf(settings);
      const configuration = remembered(() =>
        discovery(issuer, clientId, undefined, secret, {
          timeout: TIMEOUT,
          execute: [enableNonRepudiationChecks, ...withoutTls(issuer)],
        }),
      );
      return {
        name,
        title,
        async authorizationUrl(state, secrets) {
          const request = { scope, nonce: secrets.nonce, ...parameters };
          return authorizationRequest(await configuration(), redirectUri, {
            state,
            secrets,
            parameters: request,
          });
        },
        async profileOf(grant) {
          const tokens = await tokensFor(await configuration(), redirectUri, grant, true);
          return profileOf(tokens.claims()!, grant.unsigned);
        },
      };
    },
  };
}

/** Discovers once an hour, for all who ask at once; after a failure with the next question. */
function remembered(discover: () => Promise<Configuration>): () => Promise<Configuration> {
  let known: { configuration: Promise<Configuration>; until: number } | undefined;
  return () => {
    if (known && known.until > performance.now()) return known.configuration;
    const configuration = discover();
    const mine = { configuration, until: performance.now() + METADATA_LIFETIME };
    known = mine;
    configuration.catch(() => {
      if (known === mine) known = undefined;
    });
    return configuration;
  };
}

/** A claim that is text, else null. */
export const textOf = (claim: unknown): string | null => (typeof claim === 'string' ? claim : null);
