import type { Knex } from 'knex';

/** A server-sent event: its name and data as declared, and an id by which a client that comes again says how far it got. */
export interface SentEvent<Name extends string = string, Data = unknown> {
  event: Name;
  data: Data;
  /** Without line breaks and NUL. */
  id?: string | undefined;
}

/** What a stream is made with. The transaction of its handler has ended when the first piece is asked for. */
export interface StreamTools {
  /**
   * Opens a transaction for one batch, bound as that of the handler is. Nothing of it may be held while a batch is
   * answered: the client takes its time. What the caller may do is decided again where the last decision has got old.
   *
   * @throws Unauthorized, OrganizationNotFound, Forbidden where a right was withdrawn: the stream breaks off
   */
  within<Result>(work: (db: Knex.Transaction) => Promise<Result>): Promise<Result>;
  /** Aborted when the client has left, and for events also when the service is about to stop. */
  signal: AbortSignal;
  /** The id of the last event that the client has got, as it says itself; null for one that comes for the first time. */
  lastEventId: string | null;
}

/**
 * Makes a stream, piece by piece, each when the client has taken those before it. It ends where the iteration does, and
 * when the client leaves: `finally` runs then, as soon as what it awaits has settled.
 */
export type Producer<Piece> = (tools: StreamTools) => AsyncIterable<Piece>;

/** How an answer that is no JSON is sent. */
export interface ContentOptions {
  headers?: Record<string, string>;
}

/** An answer other than JSON in the envelope: in one piece, or made while it is sent. */
export class Content<Piece> {
  /** With its parameters. */
  readonly type: string;
  readonly body: Buffer | Producer<Piece>;
  readonly options: ContentOptions;

  constructor(type: string, body: Buffer | Producer<Piece>, options: ContentOptions = {}) {
    this.type = type;
    this.body = body;
    this.options = options;
  }
}

/**
 * An answer in one piece, of a type that `content` of the declaration names.
 *
 * @param type with its parameters, as `text/csv; charset=utf-8`
 */
export function content(type: string, body: Buffer | string, options?: ContentOptions): Content<never> {
  return new Content(type, typeof body === 'string' ? Buffer.from(body) : body, options);
}

/**
 * An answer that is made while it is sent, of a type that `streams` of the declaration names. The pieces are text or bytes;
 * of JSON texts, one a line, they are batches of what is declared.
 *
 * @example stream('text/csv; charset=utf-8', async function* ({ within }) { … })
 */
export function stream<Piece extends string | Uint8Array | readonly unknown[]>(
  type: string,
  produce: Producer<Piece>,
  options?: ContentOptions,
): Content<Piece> {
  return new Content(type, produce, options);
}

/** Media type of server-sent events (HTML, section 9.2). */
export const EVENT_STREAM = 'text/event-stream';

/**
 * Server-sent events, as the declaration names them. Between them, comments keep the connection open. The stream ends when
 * the client leaves, when its session is revoked, and when the service stops: the client comes again by itself, and says
 * with `lastEventId` which event it got last.
 *
 * @example eventStream(async function* ({ signal }) { yield { event: 'progress', data: { done: 1 } } as const; })
 */
export function eventStream<Event extends SentEvent>(
  produce: Producer<Event>,
  options?: ContentOptions,
): Content<Event> {
  return new Content(EVENT_STREAM, produce, options);
}
