import type { ProcessName, RateLimitClass } from '@rivergate/caller';
import type { z } from 'zod';
import type { BodyKind } from './body/kinds.ts';
import type { SentFile } from './body/sent-file.ts';
import type { CallerOf, CallerRule, UserRule } from './caller-of.ts';
import type { Content, CookieChanges, Redirect, SentEvent } from './content.ts';
import type { Deprecation } from './deprecation.ts';
import type { ErrorDeclaration, Failure } from './failure.ts';

export type Method = 'get' | 'post' | 'put' | 'patch' | 'delete';

/** Bytes of a body, where the endpoint says nothing else. */
export const DEFAULT_BODY_LIMIT = 256 * 1024;

/** What is answered in place of JSON in the envelope. Of binary content any part can be had (RFC 9110, section 14). */
export type ContentKind = 'text' | 'binary';

/**
 * A cookie, which is always `__Host-` (RFC 6265bis, section 4.1.3.2): of this host alone, for all of its paths, never
 * without TLS, and out of reach of scripts.
 */
export interface CookieDeclaration {
  sameSite: 'strict' | 'lax' | 'none';
  /** Seconds; without it the cookie ends with the browser. */
  maxAge?: number;
}

/** Where an endpoint sends its client. */
export interface RedirectDeclaration {
  status: 302 | 303 | 307;
  /** To this platform alone; to these origins as well; or to any, where the handler has made sure of each. */
  to: 'own' | readonly string[] | 'any';
}

/** For how long the answer of a write is kept for retries with the same key, and for whom. */
export interface Idempotency {
  seconds: number;
  /** Takes none but a long random key: for answers that hold tokens. */
  randomKey?: true;
  /**
   * Where the one-time token stands that the request spends: the answer is for whoever holds it and a long random key
   * (docs/decisions/0013).
   */
  spends?: `body.${string}` | `params.${string}`;
}

/** Where a request names a workspace. */
export type WorkspacePlace = `${'params' | 'query' | 'body'}.${string}` | 'every';

/** Every endpoint says who may call it; an internal one also which processes of the fleet, and there is no default. */
type WhoMayCall =
  | {
      caller: 'internal';
      callers: readonly [ProcessName, ...ProcessName[]];
      /**
       * Answers only a service that asks on behalf of a user, who has to be this, as if that user called: in the
       * organization of the path, in the workspace, with the scope of the token.
       */
      onBehalfOf?: UserRule;
    }
  | { caller: Exclude<CallerRule, 'internal'>; callers?: undefined; onBehalfOf?: undefined };

/** Everything about an endpoint but what it does. */
export type EndpointSpec = EndpointFacts & WhoMayCall;

interface EndpointFacts {
  /** What clients call it, such as `inviteMember`: a verb and what it acts on. Unique in the fleet. */
  operation: string;
  method: Method;
  /**
   * Below `/api/v1`; paths under /internal, /.well-known, /oauth, /scim and /api/v1 itself stand as they are. `:name` is a
   * parameter.
   */
  path: string;
  summary: string;
  description?: string;
  /**
   * Which part of the request names the workspace that is acted in, as `params.workspace_id`; a permission held there
   * counts like one held organization-wide. `every`: the handler asks about several, and all that the caller holds in
   * workspaces travels with the request. Without it only what is held organization-wide counts.
   */
  workspace?: WorkspacePlace;
  /** Takes the access token of a login; a token that stands in place of a session is refused. */
  session?: true;
  /**
   * Asks for a user who was authenticated of late, with a second factor where the account had one (docs/decisions/0035).
   * Goes with `session`, since no token that stands in place of one says so of its user.
   */
  fresh?: true;
  /**
   * Takes a token in place of a session whatever its scopes let it do at the API, and wherever it is bound to: the handler
   * decides by the token itself.
   */
  anyScope?: true;
  /**
   * Whether who acts in the name of a member may call it. Unless it is said, here or for the whole service, that is what acts
   * in an organization and takes tokens in place of a session, but for what goes on after its answer (202).
   */
  impersonated?: boolean;
  /**
   * Whether a session that acts in one organization alone, whose identity provider opened it, reaches what acts in none.
   * Unless it is said, here or for the whole service, it does not.
   */
  boundSessions?: boolean;
  /** Also open to who has to set a second factor up first, because it leads to that. */
  beforeEnrolment?: true;
  /**
   * Also open from outside the networks that the organization admits requests from, and to sessions that its identity provider
   * has not opened where it asks for that, because it ends a session or leads to another organization.
   */
  anyNetwork?: true;
  /**
   * A program that stands for its organization may call it too, as far as the scopes of its token go; then there is no
   * user. For what acts in an organization.
   */
  clients?: true;
  /**
   * Speaks OAuth (RFC 6749, section 3): parameters that are not known are ignored, in a form and in a query, those without
   * a value count as not sent, and failures are `{error, error_description}` with codes in lower case.
   *
   * Or SCIM (RFC 7644): the handler reads the body, of which any member passes, and compares versions by `If-Match` itself;
   * parameters of a query that are not known are ignored, and failures are its error documents, in which a code in lower case
   * is the `scimType`.
   */
  protocol?: 'oauth' | 'scim';
  /**
   * Where a recorded contract wants others than ORGANIZATION_NOT_FOUND for who is no member of the organization in the
   * path, and FORBIDDEN for who lacks the right; named among `errors`, too.
   */
  denials?: { stranger?: ErrorDeclaration; missingRight?: ErrorDeclaration };
  /** Only reads, by whatever method (RFC 9110, section 9.2.1), as a search by POST does; GET needs not say so. */
  safe?: true;
  /** Acts in the active organization of the caller's token; without one, the library answers 404. */
  activeOrganization?: true;
  /**
   * Acts over all organizations of the caller. A token that is bound to one reaches it; the handler keeps to that one
   * (`boundTo(caller)`), and to `caller.organizationId` for a client.
   */
  everyOrganization?: true;
  /** A public endpoint that acts for the signed-in user when a bearer token is sent. */
  bearer?: 'optional';
  /** The service that answers; needed only where other services call. */
  owner?: string;
  params?: z.ZodObject;
  query?: z.ZodObject;
  body?: z.ZodObject;
  /** Also gives the handler the query as it was written, as `rawQuery`: for signatures that are over its text. */
  rawQuery?: true;
  /** Lower-case names. Headers that are not named here are ignored. */
  headers?: z.ZodObject;
  /** Shape of the envelope's `data`. Without it there is none. */
  answer?: z.ZodType;
  /** Default 200; 204 answers no body at all. */
  status?: number;
  message?: string;
  /** Repeats the message inside `data`, where a recorded contract shows it there; `answer` does not name it. */
  messageInData?: true;
  /** The declared answer stands without the envelope: for documents whose shape an RFC fixes; of this type, if not JSON's. */
  bare?: true | `application/${string}+json`;
  /**
   * Media types, without parameters, of what is answered in one piece in place of JSON, as `image/png`; the handler gives
   * it by `content`. With `answer`, it comes in place of that where the request asks for it; so do `streams`.
   */
  content?: Readonly<Record<string, ContentKind>>;
  /**
   * Media types of what is answered while it is made, as `text/csv`; the handler gives it by `stream`. A schema stands for
   * one JSON text a line, as in `application/x-ndjson`. `application/json` is the envelope with what `answer` describes.
   */
  streams?: Readonly<Record<string, ContentKind | z.ZodType>>;
  /** Server-sent events by name, with the shape of their data; the handler gives them by `eventStream`. */
  events?: Readonly<Record<string, z.ZodType>>;
  /** That it may send its client elsewhere; the handler does so by `redirect`. */
  redirects?: RedirectDeclaration;
  /**
   * Cookies that it reads or sets, by name without the prefix. Others do not pass the gateway. A change is refused that
   * another site has its visitors' browsers make.
   */
  cookies?: Readonly<Record<string, CookieDeclaration>>;
  errors?: readonly ErrorDeclaration[];
  /** Class that a request counts in, per address, once its form is right and it is no replay. */
  rateLimit?: RateLimitClass;
  /** What is safe and writes all the same, as a touch does, or whose statements need one transaction. */
  writes?: true;
  /** Keeps the answer of a write for retries with the same key: a day, unless said otherwise; `false` turns it off. */
  idempotency?: Idempotency | false;
  /** Announces on every answer that the endpoint goes away. */
  deprecated?: Deprecation;
  /** Whether a WebSocket may be opened here: elsewhere the gateway refuses the handshake. */
  upgrade?: 'websocket';
  /** Bytes of a body that is no file; default 256 KiB. */
  bodyLimit?: number;
  /** How many values a JSON body may hold; default 10 000. */
  valueLimit?: number;
  /** Milliseconds until the gateway gives up; default 30 000. */
  timeout?: number;
  /**
   * How a body may come, by its media type: `json`, `form`, `multipart`, `raw` of body/kinds.ts; default JSON. Files come
   * to `prepare`, as `files`.
   */
  accepts?: readonly BodyKind[];
}

type Parsed<Schema> = Schema extends z.ZodType ? z.output<Schema> : Record<string, never>;

/** Timestamps may be returned as Date: JSON writes them as the schema wants them. */
export type Returned<Value> = Value extends string
  ? Value | Date
  : Value extends readonly (infer Item)[]
    ? Returned<Item>[]
    : Value extends object
      ? { [Key in keyof Value]: Returned<Value[Key]> }
      : Value;

type Data<Spec extends EndpointSpec> = Spec['answer'] extends z.ZodType
  ? z.output<Spec['answer']>
  : undefined;

type EventsOf<Events> = {
  [Name in keyof Events & string]: Events[Name] extends z.ZodType
    ? SentEvent<Name, z.output<Events[Name]>>
    : never;
}[keyof Events & string];

type LinesOf<Streams> = Streams[keyof Streams] extends infer Kind
  ? Kind extends z.ZodType
    ? readonly Returned<z.output<Kind>>[]
    : string | Uint8Array
  : never;

/** What else than data an endpoint declares to answer. */
type ContentOf<Spec extends EndpointSpec> =
  | (Spec extends { content: object } ? Content<never> : never)
  | (Spec extends { streams: infer Streams } ? Content<LinesOf<Streams>> : never)
  | (Spec extends { events: infer Events } ? Content<Returned<EventsOf<Events>>> : never)
  | (Spec extends { redirects: object } ? Redirect : never);

/** What a handler gives back: the data, a reply with another status or message, content, or a failure that commits. */
export type Outcome<Spec extends EndpointSpec> =
  | Returned<Data<Spec>>
  | Reply<Returned<Data<Spec>>>
  | ContentOf<Spec>
  | Failure
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler without an answer has nothing to return
  | (Data<Spec> extends undefined ? void : never);

/** How an answer differs from what the declaration says. */
export interface ReplyOptions<Value> {
  status?: number;
  message?: string;
  headers?: Record<string, string>;
  cookies?: CookieChanges;
  /**
   * Runs after the commit and completes the data, where that takes another service which must see the change first.
   * When it fails, that is logged and the data as it was goes out; a retry by idempotency key gets that too.
   */
  finish?: () => Promise<Value>;
}

/** An answer that differs from what the declaration says of status, message or headers, or is completed later. */
export class Reply<Value> {
  readonly data: Value;
  readonly options: ReplyOptions<Value>;

  constructor(data: Value, options: ReplyOptions<Value> = {}) {
    this.data = data;
    this.options = options;
  }
}

export function reply<Value>(data: Value, options: ReplyOptions<Value> = {}): Reply<Value> {
  return new Reply(data, options);
}

/** What came in, checked against the declaration. */
export interface Input<Spec extends EndpointSpec> {
  params: Parsed<Spec['params']>;
  query: Parsed<Spec['query']>;
  body: Parsed<Spec['body']>;
  headers: Parsed<Spec['headers']>;
  /** Without the question mark; empty where there is none. */
  rawQuery: Spec extends { rawQuery: true } ? string : undefined;
  /** Those that came of the declared ones. Whoever holds the browser can have written them. */
  cookies: Spec extends { cookies: infer Cookies }
    ? { [Name in keyof Cookies]?: string }
    : Record<string, never>;
  /** Who calls: as much of it is certain as the declaration asks for. */
  caller: CallerOf<Spec>;
}

/** What another service sends; the counterpart of `Input`. */
export type CallInput<Spec extends EndpointSpec> = {
  [Part in 'params' | 'query' | 'body' as Spec[Part] extends z.ZodType
    ? Part
    : never]: Spec[Part] extends z.ZodType ? z.input<Spec[Part]> : never;
} & (TakesFiles<Spec> extends true ? { files: readonly SentFile[] } : unknown);

/** Whether one of the ways in which a body may come has files in it. */
export type TakesFiles<Spec extends EndpointSpec> = Spec extends {
  accepts: readonly (infer Kind extends BodyKind)[];
}
  ? [Extract<Kind, { kind: 'multipart' | 'raw' }>] extends [never]
    ? false
    : true
  : false;

/** What another service gets: the data, or, where none is declared, what is streamed, piece by piece. */
export type CallAnswer<Spec extends EndpointSpec> = Spec['answer'] extends z.ZodType
  ? z.output<Spec['answer']>
  : Spec extends { events: infer Events }
    ? AsyncIterable<EventsOf<Events>>
    : Spec extends { streams: infer Streams }
      ? AsyncIterable<LineOf<Streams>>
      : Spec extends { content: object }
        ? AsyncIterable<Buffer>
        : undefined;

type LineOf<Streams> = Streams[keyof Streams] extends infer Kind
  ? Kind extends z.ZodType
    ? z.output<Kind>
    : Buffer
  : never;

/** Keeps the literal types of a spec that is declared apart from its handler. */
export function spec<const Spec extends EndpointSpec>(declaration: Spec): Spec {
  return declaration;
}
