import { createPublicKey, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { jwsSignature } from './ecdsa-signature.ts';

const { privateKey: key } = generateKeyPairSync('ec', { namedCurve: 'P-256' });

/** DER of two numbers, as X.690 has the shortest form of an integer (section 8.3). */
function der(...numbers: Buffer[]): Buffer {
  const integers = numbers.map(number => {
    let digits = number;
    while (digits.length > 1 && digits[0] === 0) digits = digits.subarray(1);
    if (digits[0]! >= 0x80) digits = Buffer.concat([Buffer.from([0]), digits]);
    return Buffer.concat([Buffer.from([2, digits.length]), digits]);
  });
  const content = Buffer.concat(integers);
  return Buffer.concat([Buffer.from([0x30, content.length]), content]);
}

describe('a signature of ES256', () => {
  it('is one that is valid in the form of JWS, whatever its numbers begin with', () => {
    const publicKey = createPublicKey(key);
    for (let time = 0; time < 2_000; time++) {
      const data = randomBytes(40);
      const made = sign('sha256', data, key);
      expect(verify('sha256', data, { key: publicKey, dsaEncoding: 'ieee-p1363' }, jwsSignature(made))).toBe(
        true,
      );
    }
  });
  it('keeps both numbers, with as many zeros before them as they have bytes less than 32', () => {
    for (let time = 0; time < 2_000; time++) {
      const numbers = [0, 1].map(() => {
        const number = randomBytes(32);
        number.fill(0, 0, Math.floor(Math.random() * 32));
        return number;
      });
      expect(jwsSignature(der(...numbers))).toEqual(Buffer.concat(numbers));
    }
  });
  it.each(['00', '01', '7f', '80', 'ff'])('keeps numbers that begin with 0x%s', first => {
    const number = Buffer.concat([Buffer.from(first, 'hex'), Buffer.alloc(31, 0xab)]);
    expect(jwsSignature(der(number, number))).toEqual(Buffer.concat([number, number]));
  });
});
