export { DPOP_ALGORITHMS, type DpopProof, InvalidDpopProof, verifyDpopProof } from './dpop-proof.ts';
export { useDpopProof } from './used-dpop-proofs.ts';
