import type { Request, Response } from 'express';
import { compressed } from './compress.ts';
import { declaredData, requireDeclaredFile, type Strictness } from './declared-answer.ts';
import { Failure, InternalError, UpstreamUnavailable } from './failure.ts';
import { type EndpointSpec, Reply } from './spec.ts';
import { isAway } from './unavailable.ts';

/** An answer that is ready to be written, or to be kept for a retry of the same request. */
export interface Answer {
  status: number;
  payload: unknown;
  headers: Record<string, string>;
  /** The body as it is sent. Beside a payload it is that, written out. */
  raw?: Buffer | undefined;
}

const NOTHING = Buffer.alloc(0);

/** The success envelope of what a handler gave back. @throws an ordinary Error where that is not what is declared */
export function successAnswer(spec: EndpointSpec, outcome: unknown, strictness: Strictness): Answer {
  const given = outcome instanceof Reply ? outcome : new Reply(outcome);
  const { headers = {}, raw } = given.options;
  const status = given.options.status ?? spec.status ?? 200;
  const message = given.options.message ?? spec.message;
  if (raw) requireDeclaredFile(spec, headers, strictness);
  if (raw || status === 204) return { status, payload: undefined, headers, raw };
  const data = declaredData(
    spec,
    spec.messageInData ? { ...(given.data as object), message } : given.data,
    strictness,
  );
  if (spec.bare) return { status, payload: data, headers };
  return {
    status,
    payload: {
      success: true,
      ...(data === undefined ? {} : { data }),
      ...(message === undefined ? {} : { message }),
    },
    headers,
  };
}

/** Seconds after which a caller may try again what was refused because a part is away. */
const RETRY_AFTER = '1';

/**
 * The failure envelope. A part that is away is a 503; anything else that is no declared failure becomes a 500 that
 * tells nothing but the request id.
 */
export function failureAnswer(cause: unknown, requestId: string): Answer {
  const failure = failureOf(cause, requestId);
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
    headers: { ...(failure.status === 503 ? { 'Retry-After': RETRY_AFTER } : {}), ...failure.headers },
  };
}

function failureOf(cause: unknown, requestId: string): Failure {
  if (cause instanceof Failure) return cause;
  if (isAway(cause)) return UpstreamUnavailable();
  return InternalError(`Something went wrong on our side; quote request ${requestId}`);
}

/** The bytes of an answer's body; none where it has no body. */
export function bytesOf({ raw, payload }: Answer): Buffer {
  return raw ?? (payload === undefined ? NOTHING : Buffer.from(JSON.stringify(payload)));
}

export async function write(request: Request, response: Response, answer: Answer): Promise<void> {
  response.status(answer.status);
  if (answer.payload === undefined) response.set(answer.headers);
  else {
    for (const [name, value] of Object.entries(answer.headers)) response.setHeader(name, value);
    response.setHeader('Content-Type', 'application/json; charset=utf-8');
  }
  const body = await compressed(request, response, bytesOf(answer));
  // For HEAD, of which Node does not know how much it leaves out.
  if (body.length > 0) response.set('Content-Length', String(body.length));
  response.end(body);
}
