/** A key pair of the service provider, as PEM: an RSA key and the certificate that the identity provider has of it. */
export interface KeyPair {
  privateKey: string;
  certificate: string;
  /** Decrypts what was encrypted for it before; nobody is asked to encrypt for it any more. */
  isRetiring?: boolean;
}

/** We, as one identity provider knows us. */
export interface ServiceProvider {
  entityId: string;
  /** Where responses are posted to. */
  assertionConsumerUrl: string;
  /** Where logout messages come to, by either binding. */
  logoutUrl: string;
  /**
   * The first one signs. All decrypt and are published, so that a new one can be given beside the old one until the
   * identity provider has it.
   */
  keys: readonly KeyPair[];
}

/** By which binding and where to logout messages go. */
export interface LogoutEndpoint {
  binding: 'redirect' | 'post';
  url: string;
  /** Where answers go, if to another place. */
  responseUrl?: string;
}

export interface IdentityProvider {
  entityId: string;
  /** Of the HTTP-Redirect binding. */
  ssoUrl: string;
  logout?: LogoutEndpoint;
  /** PEM. All are trusted at once. */
  certificates: readonly string[];
  /** Whether logins may begin there. */
  idpInitiated: boolean;
  /** Whether an assertion that is not encrypted is refused. */
  mustEncrypt?: boolean;
}

export interface Parties {
  identityProvider: IdentityProvider;
  serviceProvider: ServiceProvider;
}
