import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  backupCode,
  decoyPasswordHash,
  equal,
  hashPassword,
  oneTimeCode,
  oneTimeToken,
  secretBox,
  verifyPassword,
} from './index.ts';

const box = secretBox(randomBytes(32).toString('base64'));

describe('passwords', () => {
  it('are hashed with Argon2id at 19 MiB, two passes, one lane', async () => {
    expect(await hashPassword('Correct1horse')).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
  });
  it('match their own hash only, in any Unicode normalization', async () => {
    const hash = await hashPassword('Caf\u00e91234A');
    expect(await verifyPassword(hash, 'Cafe\u03011234A')).toBe(true);
    expect(await verifyPassword(hash, 'Cafe1234A')).toBe(false);
    expect(await verifyPassword('not a hash', 'Cafe1234A')).toBe(false);
  });
  it('are hashed by as many as come at once, each with its own result', async () => {
    const words = Array.from({ length: 12 }, (_, index) => `Correct${index}horse`);
    const hashes = await Promise.all(words.map(hashPassword));
    const matches = await Promise.all(hashes.map((hash, index) => verifyPassword(hash, words[index]!)));
    expect(matches).toEqual(words.map(() => true));
    expect(await verifyPassword(hashes[0]!, words[1]!)).toBe(false);
  });
  it('never match the decoy', async () => {
    expect(await verifyPassword(await decoyPasswordHash(), '')).toBe(false);
  });
});

describe('sealed values', () => {
  it('open again in the same context', () => {
    expect(box.open(box.seal('hunter2', 'user 7'), 'user 7')).toBe('hunter2');
  });
  it('differ each time they are sealed', () => {
    expect(box.seal('same', 'c')).not.toBe(box.seal('same', 'c'));
  });
  it('do not open in another context, under another key, or changed', () => {
    const sealed = box.seal('hunter2', 'user 7');
    const changed = Buffer.from(sealed, 'base64');
    changed[changed.length - 20]! ^= 1;
    expect(() => box.open(sealed, 'user 8')).toThrow();
    expect(() => secretBox(randomBytes(32).toString('base64')).open(sealed, 'user 7')).toThrow();
    expect(() => box.open(changed.toString('base64'), 'user 7')).toThrow();
  });
  it('refuse a key of the wrong length', () => {
    expect(() => secretBox('c2hvcnQ=')).toThrow('32 bytes');
  });
});

describe('one-time secrets', () => {
  it('are 256 bits, or six digits with their leading zeros', () => {
    expect(Buffer.from(oneTimeToken(), 'base64url')).toHaveLength(32);
    for (let round = 0; round < 200; round++) expect(oneTimeCode()).toMatch(/^\d{6}$/);
  });
  it('are eight letters and digits where they are kept on paper', () => {
    const codes = Array.from({ length: 200 }, backupCode);
    for (const code of codes) expect(code).toMatch(/^[A-Z0-9]{8}$/);
    expect(new Set(codes).size).toBe(200);
  });
  it('hash differently for another purpose', () => {
    expect(box.codeHash('000000', 'signup 1')).not.toBe(box.codeHash('000000', 'signup 2'));
  });
  it('compare equal only when they are', () => {
    expect(equal('a', 'a')).toBe(true);
    expect(equal('a', 'ab')).toBe(false);
  });
});
