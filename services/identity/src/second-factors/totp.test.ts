import { readFile } from 'node:fs/promises';
import { Secret } from 'otpauth';
import { beforeAll, describe, expect, it } from 'vitest';
import { prepareZXingModule, readBarcodes } from 'zxing-wasm/reader';
import { newTotpSecret, stepOfCode, totpQrCode } from './totp.ts';

/** RFC 6238, appendix B, for SHA-1: seconds and the code of eight digits, which ends in the one of six. */
const VECTORS: [seconds: number, code: string][] = [
  [59, '94287082'],
  [1_111_111_109, '07081804'],
  [1_111_111_111, '14050471'],
  [1_234_567_890, '89005924'],
  [2_000_000_000, '69279037'],
  [20_000_000_000, '65353130'],
];
const SECRET = Secret.fromLatin1('12345678901234567890').base32;

describe('a TOTP code', () => {
  it.each(VECTORS)('of RFC 6238 at %i seconds is %s', (seconds, code) => {
    expect(stepOfCode(SECRET, code.slice(2), seconds * 1000)).toBe(Math.floor(seconds / 30));
  });
  it.each([
    [-2, null],
    [-1, 41_152_263],
    [0, 41_152_263],
    [1, 41_152_263],
    [2, null],
  ])('counts one step each way: with a clock that is %i steps off', (off, step) => {
    expect(stepOfCode(SECRET, '005924', (1_234_567_890 + off * 30) * 1000)).toBe(step);
  });
  it('of another secret is wrong', () => {
    expect(stepOfCode(newTotpSecret(), '287082', 59_000)).toBeNull();
  });
});

describe('a secret', () => {
  it('is 160 bits in base32, another one each time', () => {
    const secrets = Array.from({ length: 50 }, newTotpSecret);
    for (const secret of secrets) expect(secret).toMatch(/^[A-Z2-7]{32}$/);
    expect(new Set(secrets).size).toBe(50);
  });
});

describe('the QR code', () => {
  beforeAll(async () => {
    const { buffer } = await readFile(new URL(import.meta.resolve('zxing-wasm/reader/zxing_reader.wasm')));
    await prepareZXingModule({
      overrides: { wasmBinary: buffer as ArrayBuffer },
      fireImmediately: true,
    });
  });

  it('is a PNG that a reader of other people takes for the otpauth URI', async () => {
    const account = `${'a'.repeat(64)}+x:y&z@${'example'.repeat(20)}.com`;
    const picture = totpQrCode(SECRET, account);
    const [prefix, base64] = picture.split(',');
    expect(prefix).toBe('data:image/png;base64');
    const [read, ...more] = await readBarcodes(Buffer.from(base64!, 'base64'), { formats: ['QRCode'] });
    expect(more).toEqual([]);
    const uri = new URL(read!.text);
    expect([uri.protocol, uri.host, decodeURIComponent(uri.pathname)]).toEqual([
      'otpauth:',
      'totp',
      `/Rivergate:${account}`,
    ]);
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      secret: SECRET,
      issuer: 'Rivergate',
      algorithm: 'SHA1',
      digits: '6',
      period: '30',
    });
  });
});
