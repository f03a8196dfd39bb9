import type { EventEmitter } from 'node:events';
import type { LongLived, Observer } from '../observe.ts';

/** What stays open after it was let in: a WebSocket, or an answer that is sent for as long as it is made. */
export type OpenConnection = {
  kind: LongLived;
  sessionId: number | null;
  /** Breaks it off. */
  close(): void;
  /** The gateway stops: ends it, if it would not end by itself. */
  leave(): void;
};

/** What the gateway holds open. It outlives the decision that let it in, so it can be ended. */
export type OpenConnections = {
  /** @param carrier the socket or response that it ends with */
  add(open: OpenConnection, carrier: EventEmitter & { destroyed: boolean }): void;
  /** The sessions that hold one open. */
  sessions(): Set<number>;
  /** A session was revoked: what it opened is closed. */
  closeSession(sessionId: number): void;
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
    sessions() {
      const found = new Set<number>();
      for (const { sessionId } of all) if (sessionId !== null) found.add(sessionId);
      return found;
    },
    closeSession(sessionId) {
      for (const open of all) if (open.sessionId === sessionId) open.close();
    },
    leaveAll() {
      for (const open of all) open.leave();
    },
  };
}
