import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { METADATA, REDIRECT_BINDING, SIGNATURE } from '../saml/names.ts';

/** Where the metadata of a SAML provider lies, which says whatever a test wants. */
export interface MetadataHost {
  url: string;
  entityId: string;
  ssoUrl: string;
  /** What it says of itself next. */
  says: {
    entityId?: string;
    ssoUrl?: string | null;
    sloUrl?: string;
    certificates: string[];
    attributes?: string;
  };
  /** Answers otherwise, where a test wants that. */
  answer: ((request: IncomingMessage, response: ServerResponse) => void) | null;
  /** The headers of each request. */
  asked: IncomingHttpHeaders[];
  document(): string;
  stop(): Promise<void>;
}

const base64Of = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '');

export async function startMetadataHost(certificates: string[]): Promise<MetadataHost> {
  const server = createServer((request, response) => {
    host.asked.push(request.headers);
    if (host.answer) return host.answer(request, response);
    response.writeHead(200, { 'content-type': 'application/samlmetadata+xml' }).end(host.document());
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const host: MetadataHost = {
    url: `${origin}/metadata`,
    entityId: `${origin}/entity`,
    ssoUrl: `${origin}/sso`,
    says: { certificates },
    answer: null,
    asked: [],
    document() {
      const { entityId = host.entityId, ssoUrl = host.ssoUrl, sloUrl, attributes = '' } = host.says;
      const keys = host.says.certificates.map(
        pem =>
          `<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${base64Of(pem)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
      );
      const service = (name: string, url: string | null | undefined) =>
        url ? `<md:${name} Binding="${REDIRECT_BINDING}" Location="${url}"/>` : '';
      const services = service('SingleLogoutService', sloUrl) + service('SingleSignOnService', ssoUrl);
      return `<md:EntityDescriptor xmlns:md="${METADATA}" xmlns:ds="${SIGNATURE}" entityID="${entityId}"${attributes}><md:IDPSSODescriptor protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${keys.join('')}${services}</md:IDPSSODescriptor></md:EntityDescriptor>`;
    },
    stop: () =>
      new Promise(resolve => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return host;
}
