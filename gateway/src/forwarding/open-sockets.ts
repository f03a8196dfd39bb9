import type { Duplex } from 'node:stream';
import type { Observer } from '../observe.ts';
import type { OpenSocket } from './upgrade.ts';

/** The WebSockets that the gateway holds open. They outlive the decision that let them in, so they can be ended. */
export type OpenSockets = {
  add(open: OpenSocket, socket: Duplex): void;
  /** The sessions that hold one open. */
  sessions(): Set<number>;
  /** A session was revoked: what it opened is closed. */
  closeSession(sessionId: number): void;
  closeAll(): void;
};

export function openSockets(observer: Pick<Observer, 'socketOpened' | 'socketClosed'>): OpenSockets {
  const all = new Set<OpenSocket>();
  return {
    add(open, socket) {
      if (socket.destroyed) return;
      all.add(open);
      observer.socketOpened();
      socket.once('close', () => {
        all.delete(open);
        observer.socketClosed();
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
    closeAll() {
      for (const open of all) open.close();
    },
  };
}
