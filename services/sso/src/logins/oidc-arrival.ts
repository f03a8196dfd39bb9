import { stepOf } from '../attempts/attempt-store.ts';
import { received } from '../attempts/received.ts';
import { SignInRefusal } from '../attempts/refusal.ts';
import type { OidcFlow, RelyingParty } from '../oidc/relying-party.ts';
import type { AttributeMapping } from '../providers/provider.ts';
import type { OidcProvider } from '../providers/provider-store.ts';
import { profileOf } from './profile.ts';
import type { Trace } from './sign-in.ts';
import type { Arrival } from './ticket-store.ts';

/** ASCII, as OpenID Connect Core, section 2, has a subject; a name of a session is no other. */
const NAME = /^[\x20-\x7e]{1,255}$/;

/** Characters of an ID token that goes into a URL when somebody signs out; one with more groups would not fit there. */
const LONGEST_HINT = 4_096;

/** Who signed in at an OpenID provider, by what the browser brought back. @throws SignInRefusal */
export async function oidcArrival(
  relyingParty: RelyingParty,
  provider: OidcProvider,
  returned: URL,
  flow: OidcFlow & { state: string },
  trace: Trace,
): Promise<Arrival> {
  const { searchParams } = returned;
  if (!searchParams.has('code') && !searchParams.has('error')) throw new SignInRefusal('INCOMPLETE_ANSWER');
  const { attribute_mapping } = provider;
  const { claims, idToken } = await relyingParty.signedIn(
    provider,
    returned,
    flow,
    wantedIn(attribute_mapping),
  );
  trace.received = received(claims);
  trace.steps.push(stepOf('claims_received'));
  if (!NAME.test(claims.sub)) throw new SignInRefusal('INVALID_SUBJECT');
  const { email, ...profile } = profileOf(attribute_mapping, claims);
  trace.email = email;
  if (email === null) throw new SignInRefusal('EMAIL_MISSING');
  // That it is verified, the organization's proof of its domain says; a provider that says it is not, knows better.
  if (attribute_mapping.email === 'email' && ['false', false].includes(claims.email_verified as never))
    throw new SignInRefusal('EMAIL_NOT_VERIFIED');
  return {
    ...profile,
    subject: claims.sub,
    email,
    methods: methodsIn(claims.amr),
    sessionIndex: typeof claims.sid === 'string' && NAME.test(claims.sid) ? claims.sid : null,
    endsAt: null,
    forLogout: idToken.length <= LONGEST_HINT ? { idToken } : {},
  };
}

/** Without the claims that the ID tokens of most providers never have. */
const wantedIn = ({ email, name, groups }: AttributeMapping) =>
  [email, name, groups].filter(claim => claim !== undefined);

/** Authentication methods (RFC 8176), as far as they can be taken over. */
function methodsIn(amr: unknown): string[] {
  const named = Array.isArray(amr) ? amr.filter(method => typeof method === 'string') : [];
  return [...new Set(named)].filter(method => /^[\w.-]{1,40}$/.test(method)).slice(0, 10);
}
