import { type NameId, nameIdIn } from './name-id.ts';
import { ASSERTION, ENTITY_FORMAT } from './names.ts';
import type { IdentityProvider, ServiceProvider } from './parties.ts';
import { refuse } from './refusal.ts';
import { idOf } from './structure.ts';
import { checkConditions, confirmationOf, lifeOf } from './validity.ts';
import { childOf, childrenOf, textOf, timeOf, type XmlElement } from './xml.ts';

/** What an identity provider vouches for: nothing of it is from a part of the response that was not signed. */
export interface AssertedLogin extends NameId {
  assertionId: string;
  /** Entity ID of the identity provider. */
  issuer: string;
  /** By which the identity provider names the session when it ends it. */
  sessionIndex: string | null;
  /** When the session here has to end. */
  sessionNotOnOrAfter: Date | null;
  /** Until when the assertion could be used, clock tolerance left out. */
  notOnOrAfter: Date;
  /** When the person signed in there. */
  authnInstant: Date;
  /** URI of how they did. */
  authnContext: string | null;
  /** The id of the request that this answers, null where the login began at the identity provider. */
  inResponseTo: string | null;
  /** Values by the name of the attribute. Values that are not plain text are left out. */
  attributes: Record<string, string[]>;
}

/**
 * Reads an assertion that is for us, here and now (SAML Profiles, section 4.1.4.3).
 *
 * @param assertion out of what was signed
 * @throws SamlRefusal
 */
export async function readAssertion(
  assertion: XmlElement,
  identityProvider: IdentityProvider,
  serviceProvider: ServiceProvider,
): Promise<AssertedLogin> {
  if (assertion.attributes.get('Version') !== '2.0') refuse('MALFORMED_MESSAGE');
  const assertionId = idOf(assertion);
  const issuer = checkIssuer(assertion, identityProvider) ?? refuse('INCOMPLETE_ASSERTION');
  const life = lifeOf(assertion);
  const subject = childOf(assertion, ASSERTION, 'Subject') ?? refuse('INCOMPLETE_ASSERTION');
  const confirmation = confirmationOf(subject, serviceProvider);
  const until = checkConditions(assertion, serviceProvider);
  const [statement] = childrenOf(assertion, ASSERTION, 'AuthnStatement');
  if (!statement) refuse('INCOMPLETE_ASSERTION');
  const sessionNotOnOrAfter = timeOf(statement, 'SessionNotOnOrAfter') ?? null;
  if (sessionNotOnOrAfter && sessionNotOnOrAfter.getTime() <= Date.now()) refuse('EXPIRED');
  const context = childOf(statement, ASSERTION, 'AuthnContext');
  const reference = context && childOf(context, ASSERTION, 'AuthnContextClassRef');
  return {
    ...(await nameIdIn(subject, serviceProvider.keys)),
    assertionId,
    issuer,
    sessionIndex: statement.attributes.get('SessionIndex') ?? null,
    sessionNotOnOrAfter,
    notOnOrAfter: new Date(Math.min(...[until, confirmation.notOnOrAfter, life].map(Number))),
    authnInstant: timeOf(statement, 'AuthnInstant') ?? refuse('INCOMPLETE_ASSERTION'),
    authnContext: reference ? textOf(reference) : null,
    inResponseTo: confirmation.inResponseTo,
    attributes: attributesOf(assertion),
  };
}

/**
 * Checks that the issuer of a message or an assertion, where it names one, is the identity provider.
 *
 * @throws SamlRefusal
 */
export function checkIssuer(element: XmlElement, { entityId }: IdentityProvider): string | undefined {
  const issuer = childOf(element, ASSERTION, 'Issuer');
  if (!issuer) return undefined;
  if ((issuer.attributes.get('Format') ?? ENTITY_FORMAT) !== ENTITY_FORMAT || textOf(issuer) !== entityId)
    refuse('WRONG_ISSUER');
  return entityId;
}

function attributesOf(assertion: XmlElement): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const statement of childrenOf(assertion, ASSERTION, 'AttributeStatement'))
    for (const attribute of childrenOf(statement, ASSERTION, 'Attribute')) {
      const name = attribute.attributes.get('Name') ?? refuse('MALFORMED_MESSAGE');
      const plain = childrenOf(attribute, ASSERTION, 'AttributeValue').filter(
        ({ children }) => children.length === 0,
      );
      values.set(name, [...(values.get(name) ?? []), ...plain.map(textOf)]);
    }
  return Object.fromEntries(values);
}
