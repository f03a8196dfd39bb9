import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { generate } from 'selfsigned';
import { describe, expect, it } from 'vitest';
import { signingKey } from '../testing/saml-keys.ts';
import { refusalOf } from '../testing/saml-scene.ts';
import { readCertificates } from './certificates.ts';

const refused = (text: string) => refusalOf(Promise.resolve().then(() => readCertificates(text)));
const base64Of = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '');

describe('certificates', () => {
  it('are read as base64 and as PEM, one or several, in whatever lines', async () => {
    const { certificate } = await signingKey();
    const next = await signingKey('next');
    const { fingerprint256, validToDate } = new X509Certificate(certificate);
    const fingerprint = fingerprint256.replaceAll(':', '').toLowerCase();
    for (const text of [
      certificate,
      base64Of(certificate),
      base64Of(certificate).replace(/.{64}/g, '$&\r\n'),
      `\n${certificate.replaceAll('\n', '\r\n')}\n`,
    ])
      expect(readCertificates(text)).toEqual([
        { pem: new X509Certificate(certificate).toString(), fingerprint, expiresAt: validToDate },
      ]);
    expect(readCertificates(`${certificate}\n${next.certificate}`).map(({ pem }) => pem.trim())).toEqual(
      [certificate, next.certificate].map(pem => new X509Certificate(pem).toString().trim()),
    );
  });

  it('are refused where one of them is malformed', async () => {
    const { certificate, privateKey } = await signingKey();
    const broken = certificate.replace(/\n(.{20})/, '\n');
    for (const text of [
      '',
      ' ',
      'x',
      '<xml/>',
      privateKey,
      broken,
      base64Of(certificate).slice(0, 400),
      `${certificate}\n${broken}`,
      `${certificate}\ntext`,
      certificate.repeat(11),
      'A'.repeat(70_000),
    ])
      expect(await refused(text), text.slice(0, 60)).toBe('MALFORMED_CERTIFICATE');
  });

  it('are refused with an RSA key below 2048 bits, and with a key that is no RSA key', async () => {
    expect(await refused((await signingKey('weak', { bits: 1_024 })).certificate)).toBe('WEAK_CERTIFICATE');
    const { cert } = await generate([{ name: 'commonName', value: 'curve' }], {
      keyType: 'ec',
      algorithm: 'sha256',
    });
    expect(await refused(cert)).toBe('WEAK_CERTIFICATE');
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
    expect(await refused(String(publicKey.export({ type: 'spki', format: 'pem' })))).toBe(
      'MALFORMED_CERTIFICATE',
    );
  });

  it('are refused where they have expired when they are given', async () => {
    const expired = await signingKey('expired', { notAfterDate: new Date(Date.now() - 1_000) });
    expect(await refused(expired.certificate)).toBe('EXPIRED_CERTIFICATE');
    expect(await refused(`${(await signingKey()).certificate}${expired.certificate}`)).toBe(
      'EXPIRED_CERTIFICATE',
    );
  });
});
