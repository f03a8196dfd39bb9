import { type Outbound, type OutboundAnswer, OutboundFailure } from '@rivergate/outbound';
import { type Certificate, type IdentityProviderMetadata, readMetadata, SamlRefusal } from '../saml/index.ts';

/** Bytes: of one provider, or of a few. */
const LARGEST = 256 * 1024;
const SUCCESS = 200;
const NOT_MODIFIED = 304;

/** By what an answer is known again (RFC 9110, section 8.8). */
export interface Validators {
  etag: string | null;
  lastModified: string | null;
}

/** What a provider says of itself. */
interface Published {
  entity_id: string;
  sso_url: string | null;
  slo_url: string | null;
  slo_response_url: string | null;
  slo_binding: 'redirect' | 'post';
  certificates: Certificate[];
  wants_signed_requests: boolean;
}

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
): Promise<Published> {
  const text = await textOf(await ask(outbound, url, {}));
  const metadata = readMetadata(text, entityId === undefined ? {} : { entityId });
  return {
    entity_id: metadata.entityId,
    sso_url: metadata.singleSignOn.redirect,
    ...logoutIn(metadata),
    certificates: metadata.certificates,
    wants_signed_requests: metadata.wantAuthnRequestsSigned,
  };
}

export type Refetched =
  | { outcome: 'unchanged' }
  /** It is about other identity providers only. */
  | { outcome: 'other entity' }
  | { outcome: 'read'; metadata: IdentityProviderMetadata; validators: Validators };

/**
 * The same of a provider that is there, as it has become since it was read.
 *
 * @throws OutboundFailure, SamlRefusal
 */
export async function fetchMetadataAgain(
  outbound: Outbound,
  url: string,
  entityId: string,
  { etag, lastModified }: Validators,
): Promise<Refetched> {
  const isKnown = etag !== null || lastModified !== null;
  const answer = await ask(outbound, url, {
    ...(etag !== null && { 'if-none-match': etag }),
    ...(lastModified !== null && { 'if-modified-since': lastModified }),
  });
  if (isKnown && answer.status === NOT_MODIFIED) {
    await answer.discard();
    return { outcome: 'unchanged' };
  }
  const text = await textOf(answer);
  try {
    const metadata = readMetadata(text, { entityId });
    return { outcome: 'read', metadata, validators: validatorsOf(answer) };
  } catch (cause) {
    if (isAboutOthers(text, cause)) return { outcome: 'other entity' };
    throw cause;
  }
}

const ask = (outbound: Outbound, url: string, headers: Record<string, string>): Promise<OutboundAnswer> =>
  outbound.request(url, { maxBytes: LARGEST, redirects: 3, decompress: true, headers });

async function textOf(answer: OutboundAnswer): Promise<string> {
  const text = await answer.text();
  if (answer.status !== SUCCESS) throw new OutboundFailure('invalid_answer');
  return text;
}

/** Whether what could not be read of one provider is in order for others. */
function isAboutOthers(text: string, cause: unknown): boolean {
  if (!(cause instanceof SamlRefusal && cause.code === 'MALFORMED_METADATA')) return false;
  try {
    readMetadata(text);
    return true;
  } catch (other) {
    return other instanceof SamlRefusal && other.code === 'SEVERAL_ENTITIES';
  }
}

/** What can be sent back, and kept. */
const kept = (value: string | null) => (value !== null && /^[\x20-\x7e]{1,200}$/.test(value) ? value : null);

const validatorsOf = ({ headers }: OutboundAnswer): Validators => ({
  etag: kept(headers.get('etag')),
  lastModified: kept(headers.get('last-modified')),
});

/** Where a provider takes logout messages: by redirect where that is offered, since a browser needs no page in between. */
export function logoutIn({ singleLogout, singleLogoutResponse }: IdentityProviderMetadata) {
  const slo_binding = singleLogout.redirect === null && singleLogout.post !== null ? 'post' : 'redirect';
  return {
    slo_url: singleLogout[slo_binding],
    slo_response_url: singleLogoutResponse[slo_binding],
    slo_binding,
  } as const;
}
