import { PROTOCOL } from './names.ts';
import { childOf, type XmlElement } from './xml.ts';

/** The outer code of the status of a response; it is that which says whether it was a success. */
export function statusOf(response: XmlElement): string | undefined {
  const status = childOf(response, PROTOCOL, 'Status');
  return status && childOf(status, PROTOCOL, 'StatusCode')?.attributes.get('Value');
}
