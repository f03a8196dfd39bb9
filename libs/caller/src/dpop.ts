export { CLIENT_ALGORITHMS, isPrivateJwk } from './client-keys.ts';
export { type DpopNonces, dpopNonces } from './dpop-nonce.ts';
export { type DpopProof, InvalidDpopProof, verifyDpopProof } from './dpop-proof.ts';
export { useDpopProof } from './used-dpop-proofs.ts';
