import type { Response } from 'express';
import { Failure, InternalError } from './failure.ts';
import { type EndpointSpec, Reply } from './spec.ts';

/** An answer that is ready to be written, or to be kept for a retry of the same request. */
export interface Answer {
  status: number;
  payload: unknown;
  headers: Record<string, string>;
  raw?: Buffer | undefined;
}

/** The success envelope of what a handler gave back. */
export function successAnswer(spec: EndpointSpec, outcome: unknown): Answer {
  const given = outcome instanceof Reply ? outcome : new Reply(outcome);
  const { headers = {}, raw } = given.options;
  const status = given.options.status ?? spec.status ?? 200;
  const message = given.options.message ?? spec.message;
  if (raw || status === 204) return { status, payload: undefined, headers, raw };
  const data = spec.messageInData ? { ...(given.data as object), message } : given.data;
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

/**
 * In tests, refuses an answer that is not what the declaration says.
 *
 * @throws an ordinary Error, so a 500 that names the field in the log
 */
export function checkAnswer(spec: EndpointSpec, answer: Answer): void {
  if (answer.raw) {
    const type = answer.headers['content-type']?.split(';')[0] ?? 'no type';
    if (!spec.files?.[type]) throw new Error(`${spec.method} ${spec.path} declares no file of ${type}`);
    return;
  }
  if (answer.status === 204) return;
  const written = JSON.parse(JSON.stringify(answer.payload));
  const data = spec.bare ? written : written.data;
  if (!spec.answer) {
    if (data !== undefined) throw new Error(`${spec.method} ${spec.path} declares no answer but gave one`);
    return;
  }
  const result = spec.answer.safeParse(data);
  if (result.success) return;
  const issues = result.error.issues.map(issue => `${issue.path.join('.')}: ${issue.message}`);
  throw new Error(`${spec.method} ${spec.path} answers other than declared: ${issues.join('; ')}`);
}

/** The failure envelope. Anything that is no declared failure becomes a 500 that tells nothing but the request id. */
export function failureAnswer(cause: unknown, requestId: string): Answer {
  const failure =
    cause instanceof Failure
      ? cause
      : InternalError(`Something went wrong on our side; quote request ${requestId}`);
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
    headers: failure.headers,
  };
}

export function write(response: Response, answer: Answer): void {
  response.status(answer.status).set(answer.headers);
  if (answer.raw) response.end(answer.raw);
  else if (answer.payload === undefined) response.end();
  else response.type('application/json').send(Buffer.from(JSON.stringify(answer.payload)));
}
