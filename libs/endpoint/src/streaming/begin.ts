import type { Request, Response } from 'express';
import type { Answer } from '../answer.ts';
import { EVENT_STREAM } from '../content.ts';
import type { Execution } from '../execute.ts';
import { ValidationFailed } from '../failure.ts';
import type { Runtime } from '../runtime.ts';
import type { EndpointSpec } from '../spec.ts';
import { type Chunk, EVENTS_BEGIN, encoderOf } from './encode.ts';
import { endedBy } from './until.ts';

/**
 * Begins what is made while it is sent: with its first chunk at hand, so that what fails before it is answered as a
 * failure. Nothing begins for HEAD, which has the same head and no body (RFC 9110, section 9.3.2).
 */
export async function begin(
  answer: Answer,
  spec: EndpointSpec,
  runtime: Runtime,
  execution: Execution,
  request: Request,
  response: Response,
): Promise<Answer> {
  const { produce, length, type = '' } = answer;
  if (!produce || request.method === 'HEAD') return answer;
  const events = type === EVENT_STREAM;
  const lastEventId = events ? lastEventIdOf(request) : null;
  const signal = whenOver(response, events ? runtime.stopping : undefined);
  const { briefly: within, renew } = execution.standing;
  const encode = encoderOf(spec, type.split(';', 1)[0]!, runtime.strictness);

  let sent = 0;
  async function* chunks(): AsyncGenerator<Chunk> {
    if (events) yield EVENTS_BEGIN;
    for await (const piece of produce!({ within, signal, lastEventId })) {
      const chunk = encode(piece);
      sent += Buffer.byteLength(chunk);
      if (sent > (length ?? Infinity)) break;
      await renew();
      yield chunk;
    }
    // With another length than was announced, what comes next on the connection would be taken for a part of this.
    if (length !== undefined && sent !== length) throw new Error(`A source of ${length} bytes gave ${sent}`);
  }
  const rest = endedBy(signal, chunks());
  const first = await rest.next();
  return { ...answer, stream: resumed(first, rest) };
}

/** What a client says of the last event that it got. @throws ValidationFailed for what no event of ours is called */
function lastEventIdOf(request: Request): string | null {
  const id = request.get('last-event-id');
  if (id === undefined || id === '') return null;
  if (/^[\x20-\x7e]{1,255}$/.test(id)) return id;
  const reason = 'must be 1 to 255 printable ASCII characters';
  throw ValidationFailed(undefined, [{ field: 'headers.last-event-id', code: 'invalid_format', reason }]);
}

function whenOver(response: Response, stopping: AbortSignal | undefined): AbortSignal {
  const over = new AbortController();
  response.once('close', () => over.abort());
  if (response.destroyed) over.abort();
  return stopping ? AbortSignal.any([over.signal, stopping]) : over.signal;
}

/** No generator: one that was never started runs no `finally` when it is ended. */
function resumed(first: IteratorResult<Chunk>, rest: AsyncIterator<Chunk>): AsyncIterableIterator<Chunk> {
  let begun = false;
  const iterator: AsyncIterableIterator<Chunk> = {
    async next() {
      if (begun) return await rest.next();
      begun = true;
      return first;
    },
    return: async () => await rest.return!(),
    [Symbol.asyncIterator]: () => iterator,
  };
  return iterator;
}
