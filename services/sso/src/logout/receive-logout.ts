import type { Briefly, Context, TransactionContext } from '@rivergate/endpoint';
import { redirect } from '@rivergate/endpoint';
import { finishAttempt, stepOf } from '../attempts/attempt-store.ts';
import { takeLogout } from '../attempts/logout-store.ts';
import { isNoted } from '../attempts/noted-refusals.ts';
import { received as shown } from '../attempts/received.ts';
import { refusalIn, type SignInRefusal } from '../attempts/refusal.ts';
import type { SsoTools } from '../endpoint.ts';
import { endLogins, noteRefusedLogout } from '../logins/end-logins.ts';
import { toPage } from '../logins/page.ts';
import { keysOf } from '../provider-keys/key-store.ts';
import { ProviderNotFound } from '../providers/provider.ts';
import { enterProvider, type SamlProvider } from '../providers/provider-store.ts';
import { partiesOf } from '../providers/saml-parties.ts';
import {
  checkLogoutRequest,
  checkLogoutResponse,
  type LogoutAnswered,
  type LogoutAsked,
  logoutResponse,
  type Parties,
  type Received,
} from '../saml/index.ts';
import { postingPage } from './posting-page.ts';

/** What came of looking at a message, before anything is changed. */
export interface Checked {
  provider: SamlProvider;
  parties: Parties;
  found:
    | { kind: 'asked'; asked: LogoutAsked }
    | { kind: 'answered'; answered: LogoutAnswered }
    | { kind: 'refused'; refusal: SignInRefusal; isAnswer: boolean; isNoted: boolean };
}

type Checking = Pick<Context, 'limit'> &
  Pick<SsoTools, 'publicUrl' | 'redis' | 'secretBox'> & { briefly: Briefly };

/** @throws ProviderNotFound; or as Redis does, when it cannot be had */
export async function checkLogoutMessage(
  { briefly, limit, publicUrl, redis, secretBox }: Checking,
  providerId: number,
  message: Received,
  isAnswer: boolean,
): Promise<Checked> {
  const { provider, keys } = await briefly(async db => {
    const entered = await enterProvider(db, providerId);
    if (entered.provider_type !== 'saml') throw ProviderNotFound();
    return { provider: entered, keys: await keysOf(db, secretBox, entered) };
  });
  const parties = partiesOf(publicUrl, provider, keys);
  try {
    const found = isAnswer
      ? { kind: 'answered' as const, answered: await checkLogoutResponse(message, parties, redis) }
      : { kind: 'asked' as const, asked: await checkLogoutRequest(message, parties, redis) };
    return { provider, parties, found };
  } catch (cause) {
    const refusal = refusalIn(cause);
    const found = { kind: 'refused', refusal, isAnswer, isNoted: await isNoted(limit, provider.id) } as const;
    return { provider, parties, found };
  }
}

/** @returns where the browser goes on: back to the provider with an answer, or to the page */
export async function concludeLogoutMessage(
  tools: TransactionContext & Pick<SsoTools, 'publicUrl'>,
  { provider, parties, found }: Checked,
) {
  const { db, publicUrl } = tools;
  await enterProvider(db, provider.id);
  if (found.kind === 'asked') {
    const { nameId, sessionIndexes } = found.asked;
    const said = {
      steps: [stepOf('request_checked')],
      received: shown({ NameID: nameId, SessionIndex: sessionIndexes }),
    };
    // Whether the name is known here, the answer does not tell.
    await endLogins(tools, provider, { subject: nameId, sessionIndexes }, said);
    const { logout } = parties.identityProvider;
    if (!logout) return toPage(publicUrl, { signed_out: 'everywhere' });
    const sending = logoutResponse(found.asked, true, { ...parties, logout });
    return sending.binding === 'redirect' ? redirect(sending.url) : postingPage(sending);
  }
  if (found.kind === 'answered') {
    const { request, ended, partly } = found.answered;
    const begun = await takeLogout(db, provider.id, request);
    if (!begun) return toPage(publicUrl, { signed_out: 'unconfirmed' });
    const reason = ended ? null : partly ? 'LOGOUT_PARTIAL' : 'LOGOUT_REFUSED';
    const steps = [...begun.steps, stepOf('came_back'), stepOf(ended ? 'signed_out' : 'refused')];
    const result = { reason, steps, received: null, userId: begun.user_id, email: null };
    await finishAttempt(db, begun.id, result);
    return toPage(publicUrl, { signed_out: ended ? 'everywhere' : 'partly' });
  }
  if (found.isNoted) await noteRefusedLogout(tools, provider, found.refusal);
  return toPage(publicUrl, { signed_out: found.isAnswer ? 'unconfirmed' : 'refused' });
}
