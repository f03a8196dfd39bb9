import { PROTOCOL } from './names.ts';
import { childOf, type XmlElement } from './xml.ts';

/** Of an identity provider that could not end every session that it has opened elsewhere (SAML Core, section 3.2.2.2). */
const PARTIAL_LOGOUT = 'urn:oasis:names:tc:SAML:2.0:status:PartialLogout';

/** The outer code of the status of a response; it is that which says whether it was a success. */
export function statusOf(response: XmlElement): string | undefined {
  const status = childOf(response, PROTOCOL, 'Status');
  return status && childOf(status, PROTOCOL, 'StatusCode')?.attributes.get('Value');
}

/** Whether it says so below the outer code, whichever that is: products differ in it. */
export function isPartialLogout(response: XmlElement): boolean {
  const status = childOf(response, PROTOCOL, 'Status');
  const outer = status && childOf(status, PROTOCOL, 'StatusCode');
  const codes = [outer, outer && childOf(outer, PROTOCOL, 'StatusCode')];
  return codes.some(code => code?.attributes.get('Value') === PARTIAL_LOGOUT);
}
