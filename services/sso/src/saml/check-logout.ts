import type { RedisClient } from '@rivergate/redis';
import { checkIssuer } from './assertion.ts';
import { decodePosted, decodeRedirected } from './decode.ts';
import { type NameId, nameIdIn } from './name-id.ts';
import { PROTOCOL, SUCCESS } from './names.ts';
import type { Parties } from './parties.ts';
import { verifiedQuery } from './redirect-signature.ts';
import { refuse } from './refusal.ts';
import { signedText } from './signature.ts';
import { isPartialLogout, statusOf } from './status.ts';
import { idOf, inspect, signatureIn } from './structure.ts';
import { takeRequest, useMessage } from './used-once.ts';
import { CLOCK_SKEW, lifeOf, withinTime } from './validity.ts';
import { childrenOf, parseXml, textOf, type XmlElement } from './xml.ts';

/** A message as it came: the query without its question mark, or the fields of the form. */
export type Received =
  | { binding: 'redirect'; query: string }
  | { binding: 'post'; fields: Readonly<Record<string, string>> };

export interface LogoutAsked extends NameId {
  id: string;
  /** The sessions that are meant; without any, all of the person. */
  sessionIndexes: string[];
  relayState?: string;
}

export interface LogoutAnswered {
  inResponseTo: string;
  /** What `rememberRequest` was given. */
  request: string;
  /** Whether the identity provider says that it has ended the session, and all that it has opened elsewhere. */
  ended: boolean;
  /** Whether it says that it has ended some. */
  partly: boolean;
  relayState?: string;
}

/**
 * Checks a request of the identity provider to end sessions, and counts it: a second time it is refused.
 *
 * @throws SamlRefusal; or as Redis does, when it cannot be had
 */
export async function checkLogoutRequest(
  received: Received,
  parties: Parties,
  redis: RedisClient,
): Promise<LogoutAsked> {
  const { root, relayState } = verified(received, 'SAMLRequest', 'LogoutRequest', parties);
  const life = lifeOf(root);
  withinTime(root);
  const named = await nameIdIn(root, parties.serviceProvider.keys);
  const sessionIndexes = childrenOf(root, PROTOCOL, 'SessionIndex').map(textOf);
  const id = idOf(root);
  const until = new Date(life.getTime() + CLOCK_SKEW);
  if (!(await useMessage(redis, { ...senderAndReceiver(parties), id }, until))) refuse('REPLAYED');
  return { ...named, id, sessionIndexes, ...(relayState !== undefined && { relayState }) };
}

/**
 * Checks an answer of the identity provider to a request of ours to end a session.
 *
 * @throws SamlRefusal; or as Redis does, when it cannot be had
 */
export async function checkLogoutResponse(
  received: Received,
  parties: Parties,
  redis: RedisClient,
): Promise<LogoutAnswered> {
  const { root, relayState } = verified(received, 'SAMLResponse', 'LogoutResponse', parties);
  lifeOf(root);
  const inResponseTo = root.attributes.get('InResponseTo') ?? refuse('UNKNOWN_REQUEST');
  const sent = { ...senderAndReceiver(parties), kind: 'logout', id: inResponseTo } as const;
  const request = (await takeRequest(redis, sent)) ?? refuse('UNKNOWN_REQUEST');
  const partly = isPartialLogout(root);
  const ended = statusOf(root) === SUCCESS && !partly;
  return { inResponseTo, request, ended, partly, ...(relayState !== undefined && { relayState }) };
}

const senderAndReceiver = ({ identityProvider, serviceProvider }: Parties) => ({
  issuer: identityProvider.entityId,
  audience: serviceProvider.entityId,
});

/** What was signed of a logout message, which is from the identity provider and for us. */
function verified(
  received: Received,
  field: 'SAMLRequest' | 'SAMLResponse',
  name: string,
  { identityProvider, serviceProvider }: Parties,
): { root: XmlElement; relayState: string | undefined } {
  const { root, relayState } =
    received.binding === 'redirect'
      ? fromQuery(received.query, field, identityProvider.certificates)
      : fromForm(received.fields, field, identityProvider.certificates);
  if (root.name !== name || root.namespace !== PROTOCOL) refuse('UNEXPECTED_MESSAGE');
  if (root.attributes.get('Version') !== '2.0') refuse('MALFORMED_MESSAGE');
  if (checkIssuer(root, identityProvider) === undefined) refuse('WRONG_ISSUER');
  // A message that is signed has to say where it goes (SAML Bindings, sections 3.4.5.2 and 3.5.5.2).
  if (root.attributes.get('Destination') !== serviceProvider.logoutUrl) refuse('WRONG_DESTINATION');
  return { root, relayState };
}

function fromQuery(query: string, field: 'SAMLRequest' | 'SAMLResponse', certificates: readonly string[]) {
  const { message, relayState } = verifiedQuery(query, field, certificates);
  const root = inspect(parseXml(decodeRedirected(message)));
  // In a URL the signature is in the query (SAML Bindings, section 3.4.4.1).
  if (signatureIn(root)) refuse('MISPLACED_SIGNATURE');
  return { root, relayState };
}

function fromForm(
  fields: Readonly<Record<string, string>>,
  field: 'SAMLRequest' | 'SAMLResponse',
  certificates: readonly string[],
) {
  const root = inspect(parseXml(decodePosted(fields[field] ?? refuse('UNEXPECTED_MESSAGE'))));
  const { text } = signedText(root, root, certificates);
  return { root: inspect(parseXml(text)), relayState: fields.RelayState };
}
