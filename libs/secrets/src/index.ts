export { decoyPasswordHash, hashPassword, verifyPassword } from './password.ts';
export { type SecretBox, secretBox } from './secret-box.ts';
export { equal, oneTimeCode, oneTimeToken, tokenHash } from './token.ts';
