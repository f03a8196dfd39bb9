import type { EventEmitter } from 'node:events';
import type { Login } from '@rivergate/caller';
import type { LongLived, Observer } from '../observe.ts';

/** What stays open after it was let in: a WebSocket, or an answer that is sent for as long as it is made. */
export type OpenConnection = {
  kind: LongLived;
  login: Login | null;
  /** Breaks it off. */
  close(): void;
  /** The gateway stops: ends it, if it would not end by itself. */
  leave(): void;
};

/** What the gateway holds open. It outlives the decision that let it in, so it can be ended. */
export type OpenConnections = {
  /** @param carrier the socket or response that it ends with */
  add(open: OpenConnection, carrier: EventEmitter & { destroyed: boolean }): void;
  /** The sessions and tokens that hold one open. */
  logins(): Iterable<Login>;
  /** It was revoked: what it opened is closed. */
  closeLogin(login: Login): void;
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
    logins() {
      const found = new Map<string | number, Login>();
      for (const { login } of all) if (login) found.set(nameOf(login), login);
      return found.values();
    },
    closeLogin(login) {
      for (const open of all) if (open.login && nameOf(open.login) === nameOf(login)) open.close();
    },
    leaveAll() {
      for (const open of all) open.leave();
    },
  };
}

const nameOf = (login: Login) => ('sessionId' in login ? login.sessionId : login.tokenHash);
