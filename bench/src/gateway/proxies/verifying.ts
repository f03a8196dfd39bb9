/** What a proxy needs to verify the gateway's access tokens and to limit what each subject asks. */
export type Verifying = {
  /** URL of the service. */
  target: string;
  issuer: string;
  audience: string;
  /** Of the tokens: PEM, and the URL of the key set. */
  publicKey: string;
  keysUrl: string;
  redisUrl: string;
  /** Requests a minute. */
  limit: number;
};

/** The same as environment variables. */
export function environmentOf(verifying: Verifying): Record<string, string> {
  return {
    TARGET: verifying.target,
    ISSUER: verifying.issuer,
    AUDIENCE: verifying.audience,
    PUBLIC_KEY: verifying.publicKey,
    KEYS_URL: verifying.keysUrl,
    REDIS_URL: verifying.redisUrl,
    LIMIT: String(verifying.limit),
  };
}
