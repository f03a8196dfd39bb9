import type { Request, Response } from 'express';
import { type Answer, failureAnswer, write } from './answer.ts';
import { Failure, MalformedRequest, RequestTooLarge } from './failure.ts';
import type { Runtime } from './runtime.ts';
import type { EndpointSpec } from './spec.ts';
import { isAway } from './unavailable.ts';

/** The answer to what was thrown. What nobody foresaw is logged as an error, a part that is away as a warning. */
export function failed(
  cause: unknown,
  { log }: Pick<Runtime, 'log'>,
  request: Request,
  spec: Pick<EndpointSpec, 'protocol'> = {},
): Answer {
  const answer = failureAnswer(knownRefusal(cause), request.get('x-request-id') ?? 'none', spec);
  const facts = { err: cause, request_id: request.get('x-request-id') };
  if (answer.status === 503) log.warn(facts, 'A part that a request needs is away');
  else if (answer.status >= 500) log.error(facts, 'A request failed');
  return answer;
}

/** Writes down why a stream ended early: the answer had begun, so nobody can be told. */
export function brokenOff(cause: unknown, { log }: Pick<Runtime, 'log'>, request: Request): void {
  const facts = { err: cause, request_id: request.get('x-request-id') };
  const withdrawn = cause instanceof Failure && cause.status < 500;
  if (withdrawn) log.info(facts, 'A stream was broken off: its caller may no longer have it');
  else if (isAway(cause)) log.warn(facts, 'A part that a stream needs is away');
  else log.error(facts, 'A stream failed');
}

/** What is refused before a handler runs, in the documented shape. */
export function refusal(runtime: Pick<Runtime, 'log' | 'heartbeat'>) {
  return async (cause: unknown, request: Request, response: Response, _next: unknown): Promise<void> => {
    await write(request, response, failed(cause, runtime, request), runtime.heartbeat);
  };
}

/** What Express and its body reader refuse. */
function knownRefusal(cause: unknown): unknown {
  const status = (cause as { status?: number } | undefined)?.status;
  if (cause instanceof Failure || status === undefined || status >= 500) return cause;
  if (status === 413) return RequestTooLarge();
  return MalformedRequest();
}
