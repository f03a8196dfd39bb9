import { ASSERTION, BEARER } from './names.ts';
import type { ServiceProvider } from './parties.ts';
import { refuse, SamlRefusal } from './refusal.ts';
import { childOf, childrenOf, textOf, timeOf, type XmlElement } from './xml.ts';

/** Milliseconds by which the clock of an identity provider may differ. */
export const CLOCK_SKEW = 120_000;
/**
 * Milliseconds from when a message was made; it is for use at once, whatever longer time the identity provider gives it, and
 * has to be remembered for as long as it could be used.
 */
const LONGEST_LIFE = 3_600_000;

/**
 * Checks that now is within the time of an element, and gives when that ends, clock tolerance left out.
 *
 * @throws SamlRefusal
 */
export function withinTime(element: XmlElement): Date | undefined {
  const [from, until] = [timeOf(element, 'NotBefore'), timeOf(element, 'NotOnOrAfter')];
  if (from && Date.now() + CLOCK_SKEW < from.getTime()) refuse('NOT_YET_VALID');
  if (until && Date.now() - CLOCK_SKEW >= until.getTime()) refuse('EXPIRED');
  return until;
}

/** The end of the time in which a message can be used, by when it was made. */
export function lifeOf(element: XmlElement): Date {
  const issued = timeOf(element, 'IssueInstant') ?? refuse('MALFORMED_MESSAGE');
  if (Date.now() + CLOCK_SKEW < issued.getTime()) refuse('NOT_YET_VALID');
  const end = new Date(issued.getTime() + LONGEST_LIFE);
  return Date.now() - CLOCK_SKEW >= end.getTime() ? refuse('EXPIRED') : end;
}

/** Checks the conditions (SAML Core, section 2.5.1) and gives when their time ends. */
export function checkConditions(assertion: XmlElement, { entityId }: ServiceProvider): Date {
  const conditions = childOf(assertion, ASSERTION, 'Conditions') ?? refuse('INCOMPLETE_ASSERTION');
  const until = withinTime(conditions) ?? refuse('INCOMPLETE_ASSERTION');
  const restrictions = childrenOf(conditions, ASSERTION, 'AudienceRestriction');
  if (restrictions.length === 0) refuse('WRONG_AUDIENCE');
  for (const restriction of restrictions)
    if (!childrenOf(restriction, ASSERTION, 'Audience').some(audience => textOf(audience) === entityId))
      refuse('WRONG_AUDIENCE');
  // An assertion counts once anyway, and none is made of it.
  const known = ['AudienceRestriction', 'OneTimeUse', 'ProxyRestriction'];
  if (conditions.children.some(({ namespace, name }) => namespace !== ASSERTION || !known.includes(name)))
    refuse('UNKNOWN_CONDITION');
  return until;
}

export interface Confirmation {
  inResponseTo: string | null;
  notOnOrAfter: Date;
}

/**
 * Finds the bearer confirmation that holds here and now (SAML Profiles, section 4.1.4.3).
 *
 * @throws SamlRefusal with what is wrong with the first bearer confirmation, where none holds
 */
export function confirmationOf(subject: XmlElement, serviceProvider: ServiceProvider): Confirmation {
  const bearers = childrenOf(subject, ASSERTION, 'SubjectConfirmation').filter(
    ({ attributes }) => attributes.get('Method') === BEARER,
  );
  let refusal: SamlRefusal | undefined;
  for (const bearer of bearers)
    try {
      return checkBearer(bearer, serviceProvider);
    } catch (cause) {
      if (!(cause instanceof SamlRefusal)) throw cause;
      refusal ??= cause;
    }
  throw refusal ?? new SamlRefusal('NOT_BEARER');
}

function checkBearer(bearer: XmlElement, { assertionConsumerUrl }: ServiceProvider): Confirmation {
  const data = childOf(bearer, ASSERTION, 'SubjectConfirmationData') ?? refuse('NOT_BEARER');
  if (data.attributes.get('Recipient') !== assertionConsumerUrl) refuse('WRONG_RECIPIENT');
  const notOnOrAfter = withinTime(data) ?? refuse('INCOMPLETE_ASSERTION');
  return { notOnOrAfter, inResponseTo: data.attributes.get('InResponseTo') ?? null };
}
