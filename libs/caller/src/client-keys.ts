/**
 * What clients may sign with that show a key of their own: asymmetric, so that nobody who checks could have signed (RFC 8725,
 * section 3.2).
 */
export const CLIENT_ALGORITHMS = ['ES256', 'EdDSA', 'Ed25519', 'RS256', 'PS256'] as const;

/** Members of a JWK that are nobody's business but its owner's (RFC 7518, section 6). */
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];

/** Whether a JWK holds more than a public key. */
export const isPrivateJwk = (jwk: object) => PRIVATE.some(member => member in jwk);
