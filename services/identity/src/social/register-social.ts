import { userProfileChanged, userRegistered, userVerified } from '@rivergate/events';
import {
  acceptTerms,
  CURRENT_TERMS,
  markVerified,
  nameFromAddress,
  resetRegistration,
} from '../accounts/account-store.ts';
import { registerAccount } from '../accounts/register-account.ts';
import { saveProfile } from '../profile/profile-store.ts';
import { dropVerification } from '../signup/address-verification-store.ts';
import type { SocialProfile } from './providers/provider.ts';
import type { SocialTools } from './social-session.ts';

/** A person whose address the provider has verified. */
export type Vouched = SocialProfile & { email: string };

type Tools = Pick<SocialTools, 'db' | 'emit' | 'request'>;

/**
 * Creates the account of a person new to the platform, without a password. What somebody else registered with the
 * address and never verified ends.
 *
 * @returns its id
 * @throws EmailTaken
 */
export async function registerSocial(tools: Tools, profile: Vouched, terms = CURRENT_TERMS): Promise<number> {
  const { db, emit, request } = tools;
  const { email } = profile;
  const displayName = nameOf(profile);
  const userId = await registerAccount(
    { db, emit },
    { email, displayName, passwordHash: null, holdsAddress: false },
  );
  await acceptTerms(db, userId, terms, request.ip);
  const data = { user_id: userId, email, display_name: displayName };
  await emit(userRegistered, { aggregateId: userId, organizationId: null, userId, data });
  await verify(tools, userId, profile);
  return userId;
}

/**
 * Makes a registration that nobody verified the account of the person whose address the provider has verified: nothing
 * that the registrant entered or holds is left, be it the password, the name, a code or a token.
 */
export async function takeOver(tools: Tools, userId: number, profile: Vouched): Promise<void> {
  const { db, request } = tools;
  await resetRegistration(db, userId, nameOf(profile));
  await dropVerification(db, userId);
  await acceptTerms(db, userId, CURRENT_TERMS, request.ip);
  await verify(tools, userId, profile);
}

async function verify({ db, emit }: Tools, userId: number, profile: Vouched): Promise<void> {
  await markVerified(db, userId);
  const subject = { aggregateId: userId, organizationId: null, userId };
  const displayName = nameOf(profile);
  const data = { user_id: userId, email: profile.email, display_name: displayName };
  await emit(userVerified, { ...subject, data });
  if (profile.pictureUrl === null) return;
  await saveProfile(db, userId, { profile_image_url: profile.pictureUrl });
  await emit(userProfileChanged, {
    ...subject,
    data: {
      user_id: userId,
      fields: ['profile_image_url'],
      display_name: displayName,
      profile_image_url: profile.pictureUrl,
    },
  });
}

const nameOf = ({ displayName, email }: Vouched) => displayName ?? nameFromAddress(email);
