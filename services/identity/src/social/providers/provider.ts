/** What a provider says of the person who signed in there. */
export interface SocialProfile {
  /** The provider's id of the person, never given to another one. */
  subject: string;
  /** An address that the provider has verified; null where it gives none, or none that it vouches for. */
  email: string | null;
  displayName: string | null;
  pictureUrl: string | null;
}

/** What is kept while the browser is at the provider. */
export interface FlowSecrets {
  /** RFC 7636 */
  codeVerifier: string;
  /** OpenID Connect Core, section 3.1.2.1 */
  nonce: string;
}

/** What the browser, or a client, came back with. */
export interface Grant {
  code: string;
  /** With the secrets that were kept for it; without, the code was not asked for through a URL made here. */
  flow?: { state: string; secrets: FlowSecrets } | undefined;
  /** Who issued the code (RFC 9207); null where the provider did not say, undefined where nobody passed it on. */
  issuer?: string | null | undefined;
  /** What the provider sent beside the code, of which nothing is signed. */
  unsigned?: string | undefined;
}

/** A provider with the client that the operator has registered there. */
export interface Provider {
  /** In paths and answers. */
  name: string;
  /** What people call it. */
  title: string;
  /** Where to send the browser. @throws where the provider cannot be reached */
  authorizationUrl(state: string, secrets: FlowSecrets): Promise<string>;
  /** Trades the code in, by its verifier, for what the provider knows. @throws where anything is not as it must be */
  profileOf(grant: Grant): Promise<SocialProfile>;
}

/** What an operator sets of a provider, by `SOCIAL_<NAME>_…`. */
export interface ProviderSettings {
  clientId: string;
  redirectUri: string;
  /** The value of `SOCIAL_<NAME>_<variable>`. @throws an Error that names the variable, where it is not set */
  required(variable: string): string;
  /** The address in `SOCIAL_<NAME>_<variable>`. @throws an Error for one without TLS that is not of this machine */
  address(variable: string, preset: string): URL;
}

/** One provider of the platform, whether or not it is configured. */
export interface ProviderDeclaration {
  name: string;
  title: string;
  configure(settings: ProviderSettings): Provider;
}
