import { createHash } from 'node:crypto';
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

/** Bytes of known length that can be read from any place, in place of a buffer with all of them. */
export interface Source {
  /** Bytes */
  length: number;
  /** Names these bytes: others have another. Letters, digits, `-` and `_`. */
  tag: string;
  /** @param to the first byte that is not wanted */
  read(from: number, to: number, tools: StreamTools): AsyncIterable<Uint8Array>;
}

/** Cookies to set, by their declared names; null clears one. */
export type CookieChanges = Readonly<Record<string, string | null>>;

/** How an answer that is no JSON is sent. */
export interface ContentOptions {
  headers?: Record<string, string>;
  cookies?: CookieChanges;
  /** Of content in one piece. */
  lastModified?: Date;
}

/** An answer other than JSON in the envelope: in one piece, or made while it is sent. */
export class Content<Piece> {
  /** With its parameters. */
  readonly type: string;
  readonly body: Buffer | Source | Producer<Piece>;
  readonly options: ContentOptions;

  constructor(type: string, body: Buffer | Source | Producer<Piece>, options: ContentOptions = {}) {
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
export function content(
  type: string,
  body: Buffer | string | Source,
  options?: ContentOptions,
): Content<never> {
  return new Content(type, typeof body === 'string' ? Buffer.from(body) : body, options);
}

export interface PageOptions extends ContentOptions {
  /** The texts of inline elements that count, to the letter; others do nothing. */
  styles?: readonly string[];
  scripts?: readonly string[];
  /** Origins, beside this one, to which forms may lead, also by a redirect. */
  formTargets?: readonly string[];
}

/**
 * A page for people, of the type `text/html`. It loads nothing, runs and shows nothing but what is named, stands in no
 * frame, and its forms lead nowhere else (Content Security Policy Level 3). What comes from people has to be escaped.
 */
export function page(html: string, options: PageOptions = {}): Content<never> {
  const { styles = [], scripts = [], formTargets = [], headers, ...more } = options;
  const policy = {
    'default-src': ["'none'"],
    'style-src': styles.length > 0 ? styles.map(hashSource) : ["'none'"],
    'script-src': scripts.length > 0 ? scripts.map(hashSource) : ["'none'"],
    'form-action': ["'self'", ...formTargets],
    'base-uri': ["'none'"],
    'frame-ancestors': ["'none'"],
  };
  const directives = Object.entries(policy).map(([name, sources]) => `${name} ${sources.join(' ')}`);
  return content('text/html; charset=utf-8', html, {
    ...more,
    headers: {
      'content-security-policy': directives.join('; '),
      'referrer-policy': 'no-referrer',
      ...headers,
    },
  });
}

const hashSource = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** An answer that sends its client elsewhere, as `redirects` of the declaration allows. */
export class Redirect {
  readonly location: string;
  readonly options: { headers?: Record<string, string>; cookies?: CookieChanges };

  constructor(location: string, options: Redirect['options'] = {}) {
    this.location = location;
    this.options = options;
  }
}

/** @param location a path of this platform, or an absolute URL */
export function redirect(location: string, options?: Redirect['options']): Redirect {
  return new Redirect(location, options);
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
