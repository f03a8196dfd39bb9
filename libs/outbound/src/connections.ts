import type { LookupFunction } from 'node:net';
import { isIPv6 } from 'node:net';
import { buildConnector, Pool } from 'undici';
import { codeOf, OutboundFailure } from './failure.ts';

/** Milliseconds for the connection, TLS included; addresses that do not answer make room for the next before. */
const CONNECT_TIMEOUT = 5_000;
/** Milliseconds for which an idle connection is kept. */
const KEEP_ALIVE = 4_000;
/** Bytes. */
const MAX_HEADER_SIZE = 16_384;
/** Of a name with more addresses, all are checked and these are tried. */
const MOST_ADDRESSES = 8;

export interface Lease {
  pool: Pool;
  /** Gives it back; a second time changes nothing. */
  release(): void;
}

export interface Connections {
  /** Connections to an origin at addresses that were checked. */
  take(origin: string, addresses: readonly string[]): Lease;
  close(): Promise<void>;
}

/**
 * Connections by origin and checked addresses: every request is resolved and checked anew, and finds those that lead where
 * it was allowed to go, and no others. One origin may have any number, so that nobody waits for another's slow answer.
 */
export function connections(): Connections {
  const kept = new Map<string, { pool: Pool; users: number; idle?: NodeJS.Timeout }>();
  return {
    take(origin, addresses) {
      const tried = addresses.slice(0, MOST_ADDRESSES);
      const key = [origin, ...tried.toSorted()].join(' ');
      const one = kept.get(key) ?? { pool: poolOf(origin, tried), users: 0 };
      kept.set(key, one);
      one.users++;
      clearTimeout(one.idle);
      let held = true;
      return {
        pool: one.pool,
        release() {
          if (!held) return;
          held = false;
          if (--one.users > 0) return;
          one.idle = setTimeout(() => {
            kept.delete(key);
            one.pool.destroy();
          }, KEEP_ALIVE).unref();
        },
      };
    },
    async close() {
      for (const { idle } of kept.values()) clearTimeout(idle);
      await Promise.all([...kept.values()].map(({ pool }) => pool.destroy()));
      kept.clear();
    },
  };
}

function poolOf(origin: string, addresses: readonly string[]): Pool {
  return new Pool(origin, {
    connect: connectorTo(addresses),
    pipelining: 1,
    allowH2: false,
    maxHeaderSize: MAX_HEADER_SIZE,
    keepAliveTimeout: KEEP_ALIVE,
    keepAliveMaxTimeout: KEEP_ALIVE,
    // The deadline of the request holds for all of it.
    headersTimeout: 0,
    bodyTimeout: 0,
  });
}

/** Connects to these addresses and looks none up; the name stays that of Host, SNI and the certificate. */
function connectorTo(addresses: readonly string[]): buildConnector.connector {
  const found = addresses.map(address => ({ address, family: isIPv6(address) ? 6 : 4 }));
  const lookup: LookupFunction = (_host, { all }, callback) =>
    all ? callback(null, found) : callback(null, found[0]!.address, found[0]!.family);
  const connect = buildConnector({
    lookup,
    autoSelectFamily: true,
    timeout: CONNECT_TIMEOUT,
    allowH2: false,
    // A resumed session does not show its certificate again.
    maxCachedSessions: 0,
    // Said here, so that NODE_TLS_REJECT_UNAUTHORIZED changes nothing.
    rejectUnauthorized: true,
  });
  return (options, callback) => {
    let connected = false;
    const socket = connect(options, (failed, open) => {
      if (!failed) return callback(null, open!);
      // Reached and not agreed on TLS, whatever the cause is called.
      const late = codeOf(failed) === 'UND_ERR_CONNECT_TIMEOUT';
      callback(connected && !late ? new OutboundFailure('tls', codeOf(failed)) : failed, null);
    }) as unknown as NodeJS.EventEmitter;
    socket.once('connect', () => {
      connected = options.protocol === 'https:';
    });
  };
}
