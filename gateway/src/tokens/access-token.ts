import type { Login } from '@rivergate/caller';

/** A verified token: what the gateway takes from it, whatever its kind. */
export type AccessToken = {
  /** Null for the client of an organization, which stands for no user. */
  userId: number | null;
  /** Who acts in the name of that user (`act`, RFC 8693, section 4.1), in organizationId alone; null where the user does. */
  impersonatorId: number | null;
  /** The session that it belongs to, or what is known of itself: what may change, asked for with every request. */
  login: Login;
  /** The active organization, or the one in which the token acts where the request names none. */
  organizationId: number | null;
  /** Whether its session acts in organizationId alone, whose identity provider opened it. */
  organizationBound: boolean;
  /** When and how the user of the session was authenticated; see Principal. */
  authTime: number | null;
  amr: readonly string[];
  secondFactorOmitted: boolean;
  /** Seconds since the epoch: its `exp`, or earlier, where the greatest age of a token ends before that. */
  expiresAt: number;
  /** Of the key that each request has to prove to have (RFC 9449); null where the token is enough. */
  keyThumbprint: string | null;
  /** `kid` of the key that signed it; null for one that is not signed. */
  keyId: string | null;
};
