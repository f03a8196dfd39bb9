import { oneTimeToken } from '@rivergate/secrets';
import type { Resources, Schedule, Worker } from '@rivergate/service';
import type { IdentityTools } from '../endpoint.ts';
import {
  forgetNotices,
  forgetUnwantedNotices,
  type LogoutNotice,
  MOST_TRIES,
  takeNotices,
} from './notice-store.ts';

type Tools = Pick<IdentityTools, 'knex' | 'keys' | 'settings'> & Pick<Resources, 'outbound' | 'log'>;

/** Milliseconds that an application has for its answer. */
const DEADLINE = 5_000;
/** Seconds for which a logout token is good. */
const LIFETIME = 120;
const EVENT = 'http://schemas.openid.net/event/backchannel-logout';

/**
 * Tells applications that somebody has signed out (OpenID Connect Back-Channel Logout 1.0, section 2.5). A notice stays until
 * it has been answered, whatever becomes of this process; one that is refused is not tried again.
 */
export const sendLogouts: Worker<Tools, LogoutNotice, Sent> = {
  name: 'tell applications of sign-outs',
  slots: 50,
  claim: ({ knex }, most) => takeNotices(knex, most),
  work: send,
  async settle({ knex }, sent) {
    const over = sent.filter(({ outcome }) => outcome !== 'pending');
    if (over.length > 0)
      await forgetNotices(
        knex,
        over.map(({ id }) => id),
      );
  },
  outcomeOf: ({ outcome }) => outcome,
};

export const dropUnwantedLogouts: Schedule<IdentityTools> = {
  name: 'forget sign-outs that no application waits for',
  every: 3_600,
  run: ({ knex }) => forgetUnwantedNotices(knex),
};

/** What came of a notice; one that is not pending need not be tried again. */
interface Sent {
  id: number;
  outcome: 'delivered' | 'pending' | 'given_up';
}

async function send(tools: Tools, notice: LogoutNotice): Promise<Sent> {
  const { outbound, log } = tools;
  const { id, client_id, tries, backchannel_logout_uri } = notice;
  const answer = await outbound
    .request(backchannel_logout_uri, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: String(new URLSearchParams({ logout_token: logoutToken(tools, notice) })),
      deadline: DEADLINE,
    })
    .then(
      async response => {
        await response.discard();
        return response.status;
      },
      failure => failure.reason as string,
    );
  const heard = answer === 200 || answer === 204;
  const isFinal = typeof answer === 'number' && answer >= 400 && answer < 500 && answer !== 429;
  const givenUp = isFinal || tries >= MOST_TRIES;
  if (!heard && givenUp)
    log.warn(
      { client_id, outcome: answer, tries },
      'An application was not told that somebody has signed out',
    );
  return { id, outcome: heard ? 'delivered' : givenUp ? 'given_up' : 'pending' };
}

/** OpenID Connect Back-Channel Logout 1.0, section 2.4. */
function logoutToken({ keys, settings }: Tools, notice: LogoutNotice): string {
  const now = Math.floor(Date.now() / 1_000);
  return keys.signLogoutToken(
    {
      iss: settings.publicUrl,
      aud: notice.client_id,
      sub: String(notice.user_id),
      sid: String(notice.session_id),
      iat: now,
      exp: now + LIFETIME,
      jti: oneTimeToken(),
      events: { [EVENT]: {} },
    },
    notice.id_token_signed_response_alg,
  );
}
