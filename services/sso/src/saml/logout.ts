import type { NameId } from './name-id.ts';
import { SUCCESS } from './names.ts';
import type { LogoutEndpoint, Parties } from './parties.ts';
import { byPost, byRedirect, type MessageToSend, message, newMessageId, type Sending } from './send.ts';
import { element } from './xml-text.ts';

/** Seconds in which the identity provider has to take a request. */
const REQUEST_LIFE = 300;

/** Whom and which session it is about, as the login said it. */
export interface LoggedIn extends NameId {
  sessionIndex: string | null;
}

type ToLogout = Parties & { logout: LogoutEndpoint };

/**
 * Asks the identity provider to end a session (SAML Profiles, section 4.4). Signed by the first key of the service provider. The
 * answer is taken only after `rememberRequest` with the id.
 */
export function logoutRequest(
  { nameId, nameIdFormat, nameQualifier, spNameQualifier, sessionIndex }: LoggedIn,
  { serviceProvider, logout }: ToLogout,
  relayState?: string,
): { id: string; sending: Sending } {
  const id = newMessageId();
  const xml = message(
    'LogoutRequest',
    id,
    serviceProvider,
    { Destination: logout.url, NotOnOrAfter: new Date(Date.now() + REQUEST_LIFE * 1_000).toISOString() },
    element(
      'saml:NameID',
      { NameQualifier: nameQualifier, SPNameQualifier: spNameQualifier, Format: nameIdFormat },
      nameId,
    ),
    sessionIndex === null ? undefined : element('samlp:SessionIndex', {}, sessionIndex),
  );
  return {
    id,
    sending: send(logout.url, { field: 'SAMLRequest', id, xml, relayState }, { serviceProvider, logout }),
  };
}

/**
 * Answers a request of the identity provider to end sessions.
 *
 * @param request what `checkLogoutRequest` gave
 * @param ended whether all sessions that it meant are over
 */
export function logoutResponse(
  { id: inResponseTo, relayState }: { id: string; relayState?: string },
  ended: boolean,
  { serviceProvider, logout }: ToLogout,
): Sending {
  const id = newMessageId();
  const url = logout.responseUrl ?? logout.url;
  const status = ended ? SUCCESS : 'urn:oasis:names:tc:SAML:2.0:status:Responder';
  const xml = message(
    'LogoutResponse',
    id,
    serviceProvider,
    { Destination: url, InResponseTo: inResponseTo },
    element('samlp:Status', {}, element('samlp:StatusCode', { Value: status })),
  );
  return send(url, { field: 'SAMLResponse', id, xml, relayState }, { serviceProvider, logout });
}

function send(
  url: string,
  what: MessageToSend,
  { serviceProvider, logout }: Omit<ToLogout, 'identityProvider'>,
): Sending {
  const [key] = serviceProvider.keys;
  if (!key) throw new Error('There is no key to sign logout messages by');
  return logout.binding === 'post' ? byPost(url, what, key) : byRedirect(url, what, key);
}
