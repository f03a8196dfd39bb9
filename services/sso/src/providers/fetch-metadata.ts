import { type Outbound, OutboundFailure } from '@rivergate/outbound';
import { type Certificate, readMetadata } from '../saml/index.ts';

/** Bytes: of one provider, or of a few. */
const LARGEST = 256 * 1024;
const SUCCESS = 200;

/**
 * Reads the metadata of a SAML provider where it publishes it.
 *
 * @param entityId which one is meant, where it is about several
 * @throws OutboundFailure, SamlRefusal
 */
export async function fetchMetadata(
  outbound: Outbound,
  url: string,
  entityId: string | undefined,
): Promise<{
  entity_id: string;
  sso_url: string | null;
  certificates: Certificate[];
  wants_signed_requests: boolean;
}> {
  const answer = await outbound.request(url, { maxBytes: LARGEST, redirects: 3, decompress: true });
  const text = await answer.text();
  if (answer.status !== SUCCESS) throw new OutboundFailure('invalid_answer');
  const metadata = readMetadata(text, entityId === undefined ? {} : { entityId });
  return {
    entity_id: metadata.entityId,
    sso_url: metadata.singleSignOn.redirect,
    certificates: metadata.certificates,
    wants_signed_requests: metadata.wantAuthnRequestsSigned,
  };
}
