import { randomUUID } from 'node:crypto';
import { accessTokenAlgorithm, accessTokenAudience, accessTokenType } from '@rivergate/caller';
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose';

const issuer = 'http://bench.test';
const kid = 'bench';

export type Claims = { subject: number; sessionId: number; organizationId: number };

export type AccessTokens = {
  issuer: string;
  audience: string;
  /** By which they are verified: as identity publishes it, and as PEM. */
  jwk: JWK;
  publicKey: string;
  sign(claims: Claims, other?: { issuer?: string; audience?: string; expires?: string }): Promise<string>;
};

/** Access tokens as identity signs them. */
export async function accessTokens(): Promise<AccessTokens> {
  const { publicKey, privateKey } = await generateKeyPair(accessTokenAlgorithm);
  return {
    issuer,
    audience: accessTokenAudience,
    jwk: { ...(await exportJWK(publicKey)), kid, alg: accessTokenAlgorithm, use: 'sig' },
    publicKey: await exportSPKI(publicKey),
    sign: ({ subject, sessionId, organizationId }, other = {}) =>
      new SignJWT({ sid: sessionId, org_id: organizationId, amr: ['pwd'], scope: '', jti: randomUUID() })
        .setProtectedHeader({ alg: accessTokenAlgorithm, typ: accessTokenType, kid })
        .setSubject(String(subject))
        .setIssuer(other.issuer ?? issuer)
        .setAudience(other.audience ?? accessTokenAudience)
        .setIssuedAt()
        .setExpirationTime(other.expires ?? '50m')
        .sign(privateKey),
  };
}
