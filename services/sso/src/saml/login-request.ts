import { POST_BINDING } from './names.ts';
import type { Parties } from './parties.ts';
import { byRedirect, message, newMessageId } from './send.ts';
import { element } from './xml-text.ts';

export interface LoginRequestOptions {
  /** Comes back with the response, as it is. At most 80 bytes. */
  relayState?: string;
  /** Has the person sign in anew, although the identity provider knows them. */
  forceAuthn?: boolean;
  /** URI of the format of the name that is wished for; without it the identity provider decides. */
  nameIdFormat?: string;
  /** Whether to sign it, by the first key of the service provider. */
  sign?: boolean;
}

/**
 * Where a browser is sent to sign in (SAML Profiles, section 4.1.4.1), by HTTP-Redirect. The answer is taken only after
 * `rememberRequest` with the id.
 */
export function loginRequest(
  { identityProvider, serviceProvider }: Parties,
  { relayState, forceAuthn, nameIdFormat, sign = false }: LoginRequestOptions = {},
): { id: string; url: string } {
  const id = newMessageId();
  const [key] = serviceProvider.keys;
  if (sign && !key) throw new Error('There is no key to sign the request by');
  const xml = message(
    'AuthnRequest',
    id,
    serviceProvider,
    {
      Destination: identityProvider.ssoUrl,
      AssertionConsumerServiceURL: serviceProvider.assertionConsumerUrl,
      ProtocolBinding: POST_BINDING,
      ForceAuthn: forceAuthn ? 'true' : undefined,
    },
    element('samlp:NameIDPolicy', { Format: nameIdFormat, AllowCreate: 'true' }),
  );
  const { url } = byRedirect(
    identityProvider.ssoUrl,
    { field: 'SAMLRequest', id, xml, relayState },
    sign ? key : undefined,
  );
  return { id, url };
}
