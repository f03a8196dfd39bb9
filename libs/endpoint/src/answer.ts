import type { Request, Response } from 'express';
import { coderOf } from './compress.ts';
import { Content, EVENT_STREAM, type Producer, Redirect, type Source } from './content.ts';
import { setCookies } from './cookies.ts';
import { declaredData, requireDeclaredContent, type Strictness } from './declared-answer.ts';
import { Failure, InternalError, UpstreamUnavailable } from './failure.ts';
import { OAUTH_HEADERS, oauthError, oauthRefusal } from './oauth-failure.ts';
import { locationOf } from './redirect.ts';
import { SCIM_TYPE, scimError, scimRefusal } from './scim-failure.ts';
import { type EndpointSpec, Reply } from './spec.ts';
import type { Chunk } from './streaming/encode.ts';
import { sendStream } from './streaming/send.ts';
import { isAway } from './unavailable.ts';

/** An answer that is ready to be written, or to be kept for a retry of the same request. */
export interface Answer {
  status: number;
  /** Media type of the body, with its parameters; that of JSON where there is a payload and nothing is said. */
  type?: string | undefined;
  payload: unknown;
  headers: Record<string, string | string[]>;
  /** The body as it is sent. Beside a payload it is that, written out. */
  raw?: string | Buffer | undefined;
  /** Any part of the body can be had. */
  ranged?: true | undefined;
  source?: Source | undefined;
  /** When the content was changed. */
  lastModified?: Date | undefined;
  /** Bytes of a body that is made while it is sent, where they are known. */
  length?: number | undefined;
  /** Must not be coded: browsers ask for it by themselves, so another site could learn of it by its length (BREACH). */
  uncoded?: boolean | undefined;
  /** Makes the body while it is sent. */
  produce?: Producer<unknown> | undefined;
  /** The body that is being made. */
  stream?: AsyncIterable<Chunk> | undefined;
}

/** A payload that is JSON already. */
class Written {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** As a part of an answer that is kept. */
  toJSON(): unknown {
    return JSON.parse(this.text);
  }
}

/** The success envelope of what a handler gave back. @throws an ordinary Error where that is not what is declared */
export function successAnswer(spec: EndpointSpec, outcome: unknown, rules: AnswerRules): Answer {
  const answer = withoutCookies(spec, outcome, rules);
  const changed = isAnswerObject(outcome) ? outcome.options.cookies : undefined;
  if (changed) answer.headers = { ...answer.headers, 'Set-Cookie': setCookies(spec, changed) };
  return spec.cookies ? { ...answer, uncoded: true } : answer;
}

/** What of the runtime decides how an answer goes out. */
export type AnswerRules = { strictness: Strictness; publicUrl: string };

const isAnswerObject = (outcome: unknown) =>
  outcome instanceof Content || outcome instanceof Redirect || outcome instanceof Reply;

function withoutCookies(
  spec: EndpointSpec,
  outcome: unknown,
  { strictness, publicUrl }: AnswerRules,
): Answer {
  if (outcome instanceof Content) return contentAnswer(spec, outcome, strictness);
  if (outcome instanceof Redirect) {
    const headers = { ...outcome.options.headers, Location: locationOf(spec, outcome.location, publicUrl) };
    return { status: spec.redirects!.status, payload: undefined, headers };
  }
  const given = outcome instanceof Reply ? outcome : new Reply(outcome);
  const { headers = {} } = given.options;
  const status = given.options.status ?? spec.status ?? 200;
  const message = given.options.message ?? spec.message;
  if (status === 204) return { status, payload: undefined, headers };
  const data = declaredData(
    spec,
    spec.messageInData ? { ...(given.data as object), message } : given.data,
    strictness,
  );
  if (spec.bare) {
    const type = spec.bare === true ? undefined : spec.bare;
    return { status, type, payload: data === undefined ? undefined : new Written(data), headers };
  }
  const dataPart = data === undefined ? '' : `,"data":${data}`;
  const messagePart = message === undefined ? '' : `,"message":${JSON.stringify(message)}`;
  return { status, payload: new Written(`{"success":true${dataPart}${messagePart}}`), headers };
}

function contentAnswer(spec: EndpointSpec, content: Content<unknown>, strictness: Strictness): Answer {
  const { type, body, options } = content;
  requireDeclaredContent(spec, type, strictness);
  const { headers = {}, lastModified } = options;
  const answer = { status: 200, type, payload: undefined, headers, lastModified };
  const ranged = spec.content?.[type.split(';', 1)[0]!] === 'binary' || undefined;
  if (Buffer.isBuffer(body)) return { ...answer, raw: body, ranged };
  if (typeof body === 'object') return { ...answer, source: body, ranged: true };
  if (type !== EVENT_STREAM) return { ...answer, produce: body };
  // Proxies that collect an answer before they pass it on (nginx) leave this one alone.
  return { ...answer, produce: body, headers: { 'X-Accel-Buffering': 'no', ...answer.headers } };
}

/** Seconds after which a caller may try again what was refused because a part is away. */
const RETRY_AFTER = '1';

/**
 * The failure envelope, or what the protocol has in its place. A part that is away is a 503; anything else that is no
 * declared failure becomes a 500 that tells nothing but the request id.
 */
export function failureAnswer(
  cause: unknown,
  requestId: string,
  { protocol }: { protocol?: EndpointSpec['protocol'] | null } = {},
): Answer & { headers: Record<string, string> } {
  const failure = failureOf(cause, requestId);
  const headers = { ...(failure.status === 503 ? { 'Retry-After': RETRY_AFTER } : {}), ...failure.headers };
  if (protocol === 'oauth')
    return {
      status: oauthError(failure).status,
      payload: oauthRefusal(failure),
      headers: { ...OAUTH_HEADERS, ...headers },
    };
  if (protocol === 'scim')
    return { status: scimError(failure).status, type: SCIM_TYPE, payload: scimRefusal(failure), headers };
  return {
    status: failure.status,
    payload: {
      success: false,
      error: {
        code: failure.code,
        message: failure.message,
        ...(failure.details.length > 0 ? { details: failure.details } : {}),
        request_id: requestId,
      },
    },
    headers,
  };
}

function failureOf(cause: unknown, requestId: string): Failure {
  if (cause instanceof Failure) return cause;
  if (isAway(cause)) return UpstreamUnavailable();
  return InternalError(`Something went wrong on our side; quote request ${requestId}`);
}

/** The body of an answer; empty where it has none. */
export function bodyOf({ raw, payload }: Answer): string | Buffer {
  if (raw !== undefined) return raw;
  if (payload instanceof Written) return payload.text;
  return payload === undefined ? '' : JSON.stringify(payload);
}

/** @throws what a stream failed with, once its connection is closed */
export async function write(
  request: Request,
  response: Response,
  answer: Answer,
  heartbeat: number,
): Promise<void> {
  response.status(answer.status);
  if (answer.payload === undefined || answer.type !== undefined) {
    response.set(answer.headers);
    if (answer.type !== undefined) response.type(answer.type);
  } else {
    for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
  }
  if (answer.stream) {
    if (answer.length !== undefined) response.set('Content-Length', String(answer.length));
    const coded = !answer.uncoded && answer.length === undefined;
    return await sendStream(request, response, answer.stream, { heartbeat, coded });
  }
  const whole = bodyOf(answer);
  const coder =
    answer.uncoded || answer.ranged ? undefined : coderOf(request, response, Buffer.byteLength(whole));
  const body = coder ? await coder(whole) : whole;
  // For HEAD, of which Node does not know how much it leaves out.
  const length = answer.length ?? Buffer.byteLength(body);
  if (length > 0) response.setHeader('Content-Length', length);
  response.end(body);
}
