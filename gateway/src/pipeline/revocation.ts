import type { Owners } from '@rivergate/service';
import type { Exchange } from '../exchange.ts';
import { invalidToken } from '../tokens/verify-access-token.ts';

/** Step: is the session of the token still alive? Where Redis does not know, identity is asked. */
export function revocation(owners: Owners) {
  return (exchange: Exchange): void | Promise<void> => {
    const { token, access } = exchange;
    if (!token) return;
    if (access && access.session.state !== 'unknown') return decide(exchange);
    return owners.session(token.sessionId).then(session => {
      exchange.access = { session, memberships: access?.memberships ?? [], asOf: exchange.decidedAt };
      decide(exchange);
    });
  };
}

function decide({ token, access }: Exchange): void {
  if (access?.session.state !== 'active' || access.session.userId !== token?.userId) throw invalidToken();
}
