import { stepOf } from '../attempts/attempt-store.ts';
import { received } from '../attempts/received.ts';
import { SignInRefusal } from '../attempts/refusal.ts';
import type { SamlProvider } from '../providers/provider-store.ts';
import type { CheckedLogin } from '../saml/index.ts';
import { profileOf } from './profile.ts';
import type { Trace } from './sign-in.ts';
import type { Arrival } from './ticket-store.ts';

/** SAML Core, section 8.3.8: another one at each login. */
const TRANSIENT = 'urn:oasis:names:tc:SAML:2.0:nameid-format:transient';

/** How people have signed in, by what SAML calls it, as RFC 8176 does. Others say nothing. */
const METHODS: Record<string, string[]> = {
  'urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport': ['pwd'],
  'urn:oasis:names:tc:SAML:2.0:ac:classes:Password': ['pwd'],
  'urn:oasis:names:tc:SAML:2.0:ac:classes:Kerberos': ['wia'],
  'http://schemas.microsoft.com/claims/multipleauthn': ['mfa'],
  'https://refeds.org/profile/mfa': ['mfa'],
};

/** Who signed in at a SAML provider, by its checked response. @throws SignInRefusal */
export function samlArrival({ attribute_mapping }: SamlProvider, login: CheckedLogin, trace: Trace): Arrival {
  const { nameId, nameIdFormat, attributes, authnContext, sessionIndex, sessionNotOnOrAfter } = login;
  const { nameQualifier, spNameQualifier } = login;
  trace.received = received({
    NameID: nameId,
    Format: nameIdFormat,
    AuthnContext: authnContext,
    ...attributes,
  });
  trace.steps.push(stepOf('assertion_checked'));
  if (nameIdFormat === TRANSIENT) throw new SignInRefusal('TRANSIENT_NAME_ID');
  const { email: mapped, ...profile } = profileOf(attribute_mapping, attributes);
  const email = mapped ?? profileOf({ email: 'NameID' }, { NameID: nameId }).email;
  trace.email = email;
  if (email === null) throw new SignInRefusal('EMAIL_MISSING');
  return {
    ...profile,
    subject: nameId,
    email,
    methods: METHODS[authnContext ?? ''] ?? [],
    sessionIndex,
    endsAt: sessionNotOnOrAfter?.toISOString() ?? null,
    forLogout: { nameIdFormat, nameQualifier, spNameQualifier },
  };
}
