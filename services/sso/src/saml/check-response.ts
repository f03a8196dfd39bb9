import type { RedisClient } from '@rivergate/redis';
import { type AssertedLogin, checkIssuer, readAssertion } from './assertion.ts';
import { decodePosted } from './decode.ts';
import { decryptIn } from './decrypt.ts';
import { ASSERTION, PROTOCOL, SUCCESS } from './names.ts';
import type { Parties } from './parties.ts';
import { refuse } from './refusal.ts';
import { secondOpinion } from './second-opinion.ts';
import { signedText } from './signature.ts';
import { statusOf } from './status.ts';
import { idOf, inspect, signatureIn } from './structure.ts';
import { takeRequest, useMessage } from './used-once.ts';
import { CLOCK_SKEW, lifeOf } from './validity.ts';
import { MOST_UNSIGNED, parseXml, sizeOf, type XmlElement } from './xml.ts';

/** A login as the identity provider asserts it, and what was remembered when it was asked for. */
export interface CheckedLogin extends AssertedLogin {
  /** What `rememberRequest` was given, null where the login began at the identity provider. */
  request: string | null;
}

/**
 * Checks a response that a browser posted (SAML Profiles, section 4.1.4) and counts it: a second time it is refused. What is
 * checked, in which order and why, docs/decisions/0062-a-guard-around-saml.md says.
 *
 * @param posted the field SAMLResponse
 * @throws SamlRefusal; or as Redis does, when it cannot be had
 */
export async function checkResponse(
  posted: string,
  { identityProvider, serviceProvider }: Parties,
  redis: RedisClient,
): Promise<CheckedLogin> {
  const parties = { identityProvider, serviceProvider, signers: new Set<string>() };
  const received = decodePosted(posted);
  const message = inspect(parseXml(received));
  checkEnvelope(message, parties);

  // From here on there is only what the signature of the response covers, where it has one.
  const isSigned = signatureIn(message) !== undefined;
  const response = isSigned ? signed(message, message, parties) : message;
  checkEnvelope(response, parties);
  const assertion = await signedAssertion(response, isSigned, parties);
  const login = await readAssertion(assertion, identityProvider, serviceProvider);
  const inResponseTo = requestOf(response, isSigned, login.inResponseTo);
  if (inResponseTo === null && !identityProvider.idpInitiated) refuse('UNSOLICITED');

  const sent = { issuer: identityProvider.entityId, audience: serviceProvider.entityId };
  const until = new Date(login.notOnOrAfter.getTime() + CLOCK_SKEW);
  if (!(await useMessage(redis, { ...sent, id: login.assertionId }, until))) refuse('REPLAYED');
  const request =
    inResponseTo === null ? null : await takeRequest(redis, { ...sent, kind: 'login', id: inResponseTo });
  if (inResponseTo !== null && request === null) refuse('UNKNOWN_REQUEST');
  // Last, and for each assertion once, since it takes longest.
  await secondOpinion(received, login, parties);
  return { ...login, inResponseTo, request };
}

/** Who has to do with a response: those that were set up, and the certificates by which it was found to be signed. */
type Checking = Parties & { signers: Set<string> };

/** What the signature of an element covers, parsed anew from the text whose digest was signed. */
function signed(root: XmlElement, element: XmlElement, { identityProvider, signers }: Checking): XmlElement {
  const { text, certificate } = signedText(root, element, identityProvider.certificates);
  signers.add(certificate);
  return inspect(parseXml(text));
}

/** What is wrong with it, it may say without a signature; that it is right is nothing to rely on. */
function checkEnvelope(response: XmlElement, { identityProvider, serviceProvider }: Parties): void {
  if (response.name !== 'Response' || response.namespace !== PROTOCOL) refuse('UNEXPECTED_MESSAGE');
  if (response.attributes.get('Version') !== '2.0') refuse('MALFORMED_MESSAGE');
  idOf(response);
  checkIssuer(response, identityProvider);
  if (
    (response.attributes.get('Destination') ?? serviceProvider.assertionConsumerUrl) !==
    serviceProvider.assertionConsumerUrl
  )
    refuse('WRONG_DESTINATION');
  lifeOf(response);
  if (statusOf(response) !== SUCCESS) refuse('STATUS_NOT_SUCCESS');
}

/**
 * The one assertion, out of what was signed: by its own signature where it has one, else by that of the response. Each signature
 * that is there has to be good.
 */
async function signedAssertion(
  response: XmlElement,
  responseIsSigned: boolean,
  parties: Checking,
): Promise<XmlElement> {
  const [child, ...others] = response.children.filter(({ name }) => name.endsWith('Assertion'));
  if (!child || others.length > 0) refuse('NOT_ONE_ASSERTION');
  if (!responseIsSigned && sizeOf(response) - sizeOf(child) > MOST_UNSIGNED) refuse('TOO_LARGE');
  const isEncrypted = child.name === 'EncryptedAssertion';
  if (!isEncrypted && parties.identityProvider.mustEncrypt) refuse('NOT_ENCRYPTED');
  const root = isEncrypted
    ? inspect(parseXml(await decryptIn(child, parties.serviceProvider.keys)))
    : response;
  const assertion = isEncrypted ? root : child;
  if (assertion.name !== 'Assertion' || assertion.namespace !== ASSERTION) refuse('NOT_ONE_ASSERTION');
  if (signatureIn(assertion)) return signed(root, assertion, parties);
  return responseIsSigned ? assertion : refuse('UNSIGNED');
}

/**
 * The request that is answered, as the signed part says it: a confirmation names it, and where that does not a response that is
 * signed may. Anybody can write another id on a response that is not, or take it off.
 */
function requestOf(response: XmlElement, isSigned: boolean, confirmed: string | null): string | null {
  const named = response.attributes.get('InResponseTo') ?? null;
  if (named !== null && named !== confirmed && (confirmed !== null || !isSigned))
    refuse('WRONG_IN_RESPONSE_TO');
  return confirmed ?? named;
}
