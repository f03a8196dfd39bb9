import { pino } from 'pino';

/** Milliseconds after which a line has left the process, and bytes that are written at once before that. */
const FLUSH_INTERVAL = 250;
const PIECE = 65_536;
/** Bytes of a character in UTF-8 for each of its UTF-16 units, at most. */
const WIDEST = 3;

/** What is known of a request when it has ended. Nothing else is ever written: no token, no body, no query. */
export type AccessLogEntry = {
  requestId: string;
  /** Hexadecimal, of the trace context. */
  traceId: string;
  /** Method, route, upstream and status as JSON members: they repeat, so they are put into words once. */
  members: string;
  milliseconds: number;
  userId: number | null;
  /** Who acted in the name of that user. */
  impersonatorId: number | null;
  ip: string;
};

export type AccessLog = { write(entry: AccessLogEntry): void; stop(): void };

type Destination = Omit<ReturnType<typeof pino.destination>, 'write'> & { write(bytes: Buffer): boolean };

/**
 * The log of requests: one JSON line each, in the form of the services' logs (pino's), and written in batches. The
 * line is put together by hand, because a general logger costs the hot path as much as the whole rest of the
 * gateway's own bookkeeping. Whatever a client had a say in is escaped by JSON.stringify.
 */
export function accessLog(level: string): AccessLog {
  if (!pino({ level }).isLevelEnabled('info')) return { write() {}, stop() {} };
  // Its types know only text.
  const destination = pino.destination({
    fd: 1,
    sync: false,
    contentMode: 'buffer',
  }) as unknown as Destination;
  // A closed pipe or a full disk is no reason to refuse requests.
  destination.on('error', () => {});
  // Bytes, not one growing text: what that is made of would outlive the request, and the collector copies what lives.
  let piece = Buffer.allocUnsafe(PIECE);
  let length = 0;
  const writeOut = () => {
    if (length === 0) return;
    destination.write(piece.subarray(0, length));
    piece = Buffer.allocUnsafe(PIECE);
    length = 0;
  };
  const timer = setInterval(writeOut, FLUSH_INTERVAL);
  timer.unref();
  const now = clock();
  const { pid } = process;
  return {
    write({ requestId, traceId, members, milliseconds, userId, impersonatorId, ip }) {
      const impersonator = impersonatorId === null ? '' : `"impersonator_id":${impersonatorId},`;
      const line = `{"level":"info","time":"${now()}","service":"gateway","pid":${pid},"name":"gateway","request_id":${JSON.stringify(requestId)},"trace_id":${JSON.stringify(traceId)},${members},"duration_ms":${Math.round(milliseconds * 100) / 100},"user_id":${userId},${impersonator}"ip":${JSON.stringify(ip)},"msg":"Request"}\n`;
      if (length + WIDEST * line.length > PIECE) writeOut();
      length += piece.write(line, length);
    },
    stop() {
      clearInterval(timer);
      writeOut();
      destination.flushSync();
    },
  };
}

/** The time in ISO 8601; requests that end in the same millisecond share its text. */
function clock(): () => string {
  let millisecond = 0;
  let text = '';
  return () => {
    const present = Date.now();
    if (present !== millisecond) {
      millisecond = present;
      text = new Date(present).toISOString();
    }
    return text;
  };
}
