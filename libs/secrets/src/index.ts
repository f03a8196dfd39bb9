export { CLIENT_TOKENS, clientToken } from './client-token.ts';
export { decoyPasswordHash, hashPassword, verifyPassword } from './password.ts';
export { type SecretBox, secretBox } from './secret-box.ts';
export { backupCode, equal, oneTimeCode, oneTimeToken, prefixedToken, prefixOf, tokenHash } from './token.ts';
