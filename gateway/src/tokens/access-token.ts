/** A verified token: what the gateway takes from it, whatever its kind. */
export type AccessToken = {
  userId: number;
  sessionId: number;
  /** The active organization. */
  organizationId: number | null;
  amr: readonly string[];
  scope: readonly string[];
  clientId: string | null;
  /** Seconds since the epoch: its `exp`, or earlier, where the greatest age of a token ends before that. */
  expiresAt: number;
  /** `kid` of the key that signed it. */
  keyId: string;
};
