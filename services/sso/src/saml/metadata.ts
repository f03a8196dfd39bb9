import { type Certificate, fingerprintOf, readCertificates } from './certificates.ts';
import { METADATA, POST_BINDING, PROTOCOL, REDIRECT_BINDING, SIGNATURE } from './names.ts';
import { refuse, SamlRefusal } from './refusal.ts';
import { childrenOf, parseXml, textOf, timeOf, type XmlElement } from './xml.ts';

/** Where messages of a kind go, by binding. */
export interface Endpoints {
  redirect: string | null;
  post: string | null;
}

export interface IdentityProviderMetadata {
  entityId: string;
  singleSignOn: Endpoints;
  singleLogout: Endpoints;
  /** Where answers to logout requests go, where that is another place. */
  singleLogoutResponse: Endpoints;
  /** Those that sign and are of use, at least one. */
  certificates: Certificate[];
  /** SHA-256 in hex, of all that sign, also of those that are of no use, as one that has expired. */
  fingerprints: string[];
  wantAuthnRequestsSigned: boolean;
  validUntil: Date | null;
  /** Seconds after which the provider asks to fetch it again. */
  cacheSeconds: number | null;
}

/**
 * Reads the metadata of an identity provider (SAML Metadata, section 2), in the bounds that it has; comments may be in it. A signature
 * is not looked at: it counts as much as the way on which it came.
 *
 * @param entityId which one is meant, where it is about several
 * @throws SamlRefusal
 */
export function readMetadata(
  text: string,
  { entityId, now = new Date() }: { entityId?: string; now?: Date } = {},
): IdentityProviderMetadata {
  const root = parsed(text);
  const described = entitiesOf(root).filter(entity => rolesOf(entity).length > 0);
  const [entity, ...others] = described.filter(
    ({ attributes }) => entityId === undefined || attributes.get('entityID') === entityId,
  );
  if (!entity) refuse('MALFORMED_METADATA');
  if (others.length > 0) refuse('SEVERAL_ENTITIES');
  const [role, ...more] = rolesOf(entity);
  if (!role || more.length > 0) refuse('MALFORMED_METADATA');
  const holders = entity === root ? [entity, role] : [root, entity, role];
  const ends = holders.map(holder => timeOf(holder, 'validUntil')).filter(end => end !== undefined);
  if (ends.some(end => end <= now)) refuse('EXPIRED_METADATA');
  const caches = holders.map(({ attributes }) => secondsOf(attributes.get('cacheDuration')));
  return {
    entityId: entity.attributes.get('entityID') || refuse('MALFORMED_METADATA'),
    singleSignOn: endpointsOf(role, 'SingleSignOnService', 'Location'),
    singleLogout: endpointsOf(role, 'SingleLogoutService', 'Location'),
    singleLogoutResponse: endpointsOf(role, 'SingleLogoutService', 'ResponseLocation'),
    ...certificatesOf(role, now),
    wantAuthnRequestsSigned: ['true', '1'].includes(role.attributes.get('WantAuthnRequestsSigned') ?? ''),
    validUntil: ends.length > 0 ? new Date(Math.min(...ends.map(Number))) : null,
    cacheSeconds: caches.every(seconds => seconds === null)
      ? null
      : Math.min(...caches.filter(seconds => seconds !== null)),
  };
}

function parsed(text: string): XmlElement {
  try {
    return parseXml(text.replace(/^\uFEFF/, ''), { isMetadata: true });
  } catch (cause) {
    if (cause instanceof SamlRefusal && cause.code === 'MALFORMED_MESSAGE') refuse('MALFORMED_METADATA');
    throw cause;
  }
}

function entitiesOf(element: XmlElement): XmlElement[] {
  if (element.namespace !== METADATA) return [];
  if (element.name === 'EntityDescriptor') return [element];
  return element.name === 'EntitiesDescriptor' ? element.children.flatMap(entitiesOf) : [];
}

const rolesOf = (entity: XmlElement): XmlElement[] =>
  childrenOf(entity, METADATA, 'IDPSSODescriptor').filter(({ attributes }) =>
    (attributes.get('protocolSupportEnumeration') ?? '').split(/\s+/).includes(PROTOCOL),
  );

function endpointsOf(role: XmlElement, name: string, attribute: 'Location' | 'ResponseLocation'): Endpoints {
  const services = childrenOf(role, METADATA, name);
  const by = (binding: string) => {
    const service = services.find(({ attributes }) => attributes.get('Binding') === binding);
    const location = service?.attributes.get(attribute);
    if (location === undefined) return null;
    return /^https?:$/.test(URL.parse(location)?.protocol ?? '') ? location : refuse('MALFORMED_METADATA');
  };
  return { redirect: by(REDIRECT_BINDING), post: by(POST_BINDING) };
}

/** One that cannot be used is left out as long as there is another: a provider publishes its old ones for a while. */
function certificatesOf(
  role: XmlElement,
  now: Date,
): Pick<IdentityProviderMetadata, 'certificates' | 'fingerprints'> {
  const found = childrenOf(role, METADATA, 'KeyDescriptor')
    .filter(({ attributes }) => (attributes.get('use') ?? 'signing') === 'signing')
    .flatMap(key => childrenOf(key, SIGNATURE, 'KeyInfo'))
    .flatMap(info => childrenOf(info, SIGNATURE, 'X509Data'))
    .flatMap(data => childrenOf(data, SIGNATURE, 'X509Certificate'))
    .map(textOf);
  const usable = new Map<string, Certificate>();
  let refusal = new SamlRefusal('MALFORMED_METADATA');
  for (const text of found)
    try {
      for (const certificate of readCertificates(text, now)) usable.set(certificate.fingerprint, certificate);
    } catch (cause) {
      if (!(cause instanceof SamlRefusal)) throw cause;
      refusal = cause;
    }
  if (usable.size === 0 || usable.size > MOST_CERTIFICATES) throw refusal;
  return { certificates: [...usable.values()], fingerprints: [...new Set(found.flatMap(fingerprintOf))] };
}

/** Certificates that a provider signs by. */
export const MOST_CERTIFICATES = 10;

/** Of an xs:duration without years and months, which have no length. */
function secondsOf(duration: string | undefined): number | null {
  const match = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.\d+)?S)?)?$/.exec(duration ?? '');
  if (!match) return null;
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1).map(part => Number(part ?? 0));
  return ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
}
