import { hasExpired, type LoginState } from '@rivergate/caller';
import type { Owners } from '@rivergate/service';
import type { Exchange } from '../exchange.ts';
import { invalidToken } from '../tokens/verify-access-token.ts';

/** Step: is the session of the token, or the token, still alive? Where Redis does not know, the owner is asked. */
export function revocation(owners: Owners) {
  return (exchange: Exchange): void | Promise<void> => {
    const { token, access } = exchange;
    if (!token) return;
    if (access && access.session.state !== 'unknown') return decide(exchange);
    return ask(owners, exchange).then(session => {
      const { memberships, policy } = access ?? NOTHING;
      exchange.access = { session, memberships, policy, asOf: exchange.decidedAt };
      decide(exchange);
    });
  };
}

const NOTHING = { memberships: [], policy: { generation: null, policy: null } };

async function ask(owners: Owners, { token, access }: Exchange): Promise<LoginState> {
  const { login } = token!;
  if ('sessionId' in login) return owners.session(login.sessionId, seenOf(access?.session));
  return (await owners.token(login, seenOf(access?.session))) ?? { state: 'revoked' };
}

const seenOf = (session: LoginState | undefined) => (session?.state === 'unknown' ? session.seen : undefined);

function decide({ token, access }: Exchange): void {
  const session = access?.session;
  if (session?.state !== 'active' || session.userId !== token?.userId || hasExpired(session))
    throw invalidToken();
}
