import { TokenBundle } from '@rivergate/contracts';
import { type Call, type Emit, Id, type Log, type RequestFacts, reply } from '@rivergate/endpoint';
import { socialAccountConnected } from '@rivergate/events';
import type { Knex } from 'knex';
import { z } from 'zod';
import { type Account, accountById } from '../accounts/account-store.ts';
import { addressMadeIn } from '../email-change/address-change-store.ts';
import type { IdentityTools } from '../endpoint.ts';
import { beginSession } from '../login/begin-session.ts';
import { AccountDisabled } from '../login/login-errors.ts';
import { noteRefusal } from '../login/note-refusal.ts';
import type { Place } from '../login/starting-place.ts';
import { enterOrganization } from '../signup/complete-verification.ts';
import { tokenBundle } from '../tokens/token-bundle.ts';
import type { Identified } from './identify.ts';
import { connect, noteConnectedIn } from './social-account-store.ts';

/** What every social login and signup answers. */
export const SocialLogin = TokenBundle.extend({
  user_id: Id,
  email: z.string(),
  display_name: z.string(),
  is_new_user: z.boolean(),
  provider: z.string().meta({ examples: ['github'] }),
}).meta({ id: 'SocialLogin' });

export type SocialTools = Pick<IdentityTools, 'knex' | 'keys' | 'secretBox' | 'settings'> & {
  db: Knex.Transaction;
  emit: Emit;
  call: Call;
  log: Log;
  request: RequestFacts;
};

/** The user of an account, and how the account elsewhere came to it. */
interface Arrival {
  userId: number;
  /** Null where it was connected before. */
  by: 'signup' | 'address' | 'takeover' | null;
  /** Where the session starts; undefined for who has no organization yet. */
  place: Place | null | undefined;
}

/**
 * Connects the account elsewhere and opens the session. A user who is new is given the personal organization once that
 * is committed, so that the first token already acts in it.
 */
export async function beginSocialSession(
  tools: SocialTools,
  { provider, profile }: Identified,
  { userId, by, place }: Arrival,
) {
  const { db, emit, keys, settings } = tools;
  const account = (await accountById(db, userId))!;
  if (account.disabled_at) return refuseDisabled(tools, account);
  const connected = await connect(db, userId, provider.name, profile);
  if (by !== null) {
    await emit(socialAccountConnected, {
      aggregateId: userId,
      organizationId: null,
      userId,
      data: { user_id: userId, provider: provider.name, by },
    });
  }
  const begun = await beginSession(tools, {
    account,
    method: 'oauth',
    // RFC 8176 has no value for a login elsewhere; this is the one in use.
    methods: ['fed'],
    place: place ?? null,
    openedThrough: by === 'address' ? await addressMadeIn(db, userId) : connected.session_id,
    rememberMe: false,
  });
  if (!begun) return refuseDisabled(tools, account);

  const { session, answer } = begun;
  if (by !== null) await noteConnectedIn(db, userId, provider.name, session.id);
  const { is_verified: _, ...loggedIn } = answer;
  const data = { ...loggedIn, is_new_user: by === 'signup', provider: provider.name };
  const message = `Signed in with ${provider.title}`;
  if (place !== undefined) return reply(data, { message });
  return reply(data, {
    message,
    async finish() {
      const placed = await enterOrganization(tools, account, session);
      return { ...data, ...tokenBundle({ keys, settings }, placed, data.refresh_token) };
    },
  });
}

async function refuseDisabled(tools: SocialTools, account: Account) {
  await noteRefusal(tools, { email: account.email, account, reason: 'account_disabled' });
  return AccountDisabled();
}
