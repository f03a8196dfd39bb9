import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { generate } from 'selfsigned';

export interface Identity {
  key: string;
  cert: string;
}

/** A certificate authority, and the certificates that it gives. */
export async function certificateAuthority() {
  const authority = await generate([{ name: 'commonName', value: `Authority ${randomUUID()}` }], {
    keyType: 'ec',
    algorithm: 'sha256',
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  return {
    cert: authority.cert,
    /** To this process it counts from now on as those of NODE_EXTRA_CA_CERTS do. */
    trust: () => setDefaultCACertificates([...getCACertificates('default'), authority.cert]),
    /** @param name or address of the server */
    async certify(name: string, { notAfterDate }: { notAfterDate?: Date } = {}): Promise<Identity> {
      const { private: key, cert } = await generate([{ name: 'commonName', value: name }], {
        keyType: 'ec',
        algorithm: 'sha256',
        ca: { key: authority.private, cert: authority.cert },
        extensions: [
          {
            name: 'subjectAltName',
            altNames: [isIP(name) ? { type: 7, ip: name } : { type: 2, value: name }],
          },
        ],
        ...(notAfterDate && { notBeforeDate: new Date(0), notAfterDate }),
      });
      return { key, cert };
    },
  };
}
