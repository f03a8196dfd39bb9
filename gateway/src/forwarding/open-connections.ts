import type { EventEmitter } from 'node:events';
import type { Login } from '@rivergate/caller';
import type { OrganizationSubject } from '../exchange.ts';
import type { LongLived, Observer } from '../observe.ts';

/** What stays open after it was let in: a WebSocket, or an answer that is sent for as long as it is made. */
export type OpenConnection = {
  kind: LongLived;
  login: Login | null;
  /** What the policy of its organization is asked about; null where none holds. */
  subject: OrganizationSubject | null;
  /** Breaks it off. */
  close(): void;
  /** The gateway stops: ends it, if it would not end by itself. */
  leave(): void;
};

/** One that a session or a token holds open. */
export type OfLogin = OpenConnection & { login: Login };

/** What the gateway holds open. It outlives the decision that let it in, so it can be ended. */
export type OpenConnections = {
  /** @param carrier the socket or response that it ends with */
  add(open: OpenConnection, carrier: EventEmitter & { destroyed: boolean }): void;
  ofLogins(): Iterable<OfLogin>;
  leaveAll(): void;
};

export function openConnections(observer: Pick<Observer, 'opened' | 'closed'>): OpenConnections {
  const all = new Set<OpenConnection>();
  return {
    add(open, carrier) {
      if (carrier.destroyed) return;
      all.add(open);
      observer.opened(open.kind);
      carrier.once('close', () => {
        all.delete(open);
        observer.closed(open.kind);
      });
    },
    ofLogins: () => [...all].filter((open): open is OfLogin => open.login !== null),
    leaveAll() {
      for (const open of all) open.leave();
    },
  };
}
