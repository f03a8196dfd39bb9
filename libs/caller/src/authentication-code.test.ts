import { createHmac, createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { authenticationCode } from './authentication-code.ts';

describe('the authentication code', () => {
  it('is HMAC with SHA-256 of texts of every length, one after the other', () => {
    const secret = createSecretKey(randomBytes(32));
    const code = authenticationCode(secret);
    for (const length of [0, 1, 4_031, 4_032, 4_033, 9_000, 63, 64, 65, 800]) {
      const text = randomBytes(length).toString('hex').slice(0, length);
      expect(code(text), String(length)).toBe(createHmac('sha256', secret).update(text).digest('base64url'));
    }
  });

  it('is made with a whole block of a secret, and refuses a longer one', () => {
    const whole = createSecretKey(randomBytes(64));
    expect(authenticationCode(whole)('a')).toBe(createHmac('sha256', whole).update('a').digest('base64url'));
    expect(() => authenticationCode(createSecretKey(randomBytes(65)))).toThrow('longer than a block');
  });
});
