import type { ErrorDeclaration } from '@rivergate/endpoint';
import type { IdentityTools } from '../endpoint.ts';
import { type Place, startingPlace } from '../login/starting-place.ts';
import { findAccount, lockFound } from './find-account.ts';
import { type Identified, type IdentifyErrors, identify, type Returned } from './identify.ts';
import { registerSocial, takeOver, type Vouched } from './register-social.ts';
import { beginSocialSession, type SocialTools } from './social-session.ts';

/** What a social login knows before its transaction opens. */
export interface PreparedLogin extends Identified {
  /** Where the account starts that was found then. */
  start: { userId: number; place: Place | null } | undefined;
}

type Tools = Pick<SocialTools, 'knex' | 'call' | 'log' | 'request'> &
  Pick<IdentityTools, 'secretBox' | 'providers'>;

/** Asks the provider who it is, and organization where the session starts: neither holds a connection. */
export async function prepareSocialLogin(
  tools: Tools,
  provider: string,
  returned: Returned,
  errors: IdentifyErrors,
): Promise<PreparedLogin> {
  const identified = await identify(tools, provider, returned, errors);
  const found = await findAccount(tools.knex, identified);
  if (found.state !== 'known' || found.account.disabled_at) return { ...identified, start: undefined };
  const place = await startingPlace(tools, found.account, undefined);
  return { ...identified, start: { userId: found.account.id, place } };
}

/** Logs in the user whom the person at the provider is, or makes the person one. */
export async function finishSocialLogin(
  tools: SocialTools,
  prepared: PreparedLogin,
  failed: ErrorDeclaration,
) {
  const { provider, profile, start } = prepared;
  const found = await lockFound(tools.db, prepared);
  if (found.state === 'known') {
    const userId = found.account.id;
    // The account of the transaction may be another one than was found before it: it starts where it was last.
    const place = start?.userId === userId ? start.place : null;
    return beginSocialSession(tools, prepared, { userId, by: found.connected ? null : 'address', place });
  }
  if (found.state === 'elsewhere')
    throw failed('This address belongs to an account that signs in with another one');
  if (profile.email === null) throw failed(`${provider.title} gives no verified address of yours`);
  const person: Vouched = { ...profile, email: profile.email };
  // What a stranger founded, with invitations to it, becomes nobody's: such a registration ends with it.
  if (found.state === 'unverified' && !found.account.holds_address) {
    const userId = found.account.id;
    if (!found.account.disabled_at) await takeOver(tools, userId, person);
    return beginSocialSession(tools, prepared, { userId, by: 'takeover', place: undefined });
  }
  const userId = await registerSocial(tools, person);
  return beginSocialSession(tools, prepared, { userId, by: 'signup', place: undefined });
}
