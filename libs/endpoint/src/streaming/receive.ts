import { createParser } from 'eventsource-parser';
import { z } from 'zod';
import { EVENT_STREAM, type SentEvent } from '../content.ts';
import { UpstreamUnavailable } from '../failure.ts';
import type { EndpointSpec } from '../spec.ts';

/** Whether a call of it gives pieces instead of data. */
export function isStreamed({ answer, content, streams, events }: EndpointSpec): boolean {
  return answer === undefined && (content ?? streams ?? events) !== undefined;
}

/**
 * What comes of a stream: events, the JSON texts of its lines, or bytes.
 *
 * @throws UpstreamUnavailable while it is iterated, where it breaks off
 */
export async function* received(
  spec: EndpointSpec & { owner: string },
  contentType: unknown,
  body: AsyncIterable<Buffer>,
): AsyncGenerator<unknown> {
  const type = String(contentType).split(';', 1)[0]!;
  try {
    if (type === EVENT_STREAM) yield* eventsOf(body);
    else if (spec.streams?.[type] instanceof z.ZodType) yield* linesOf(body);
    else yield* body;
  } catch (cause) {
    throw Object.assign(UpstreamUnavailable(`The ${spec.owner} service broke off`), { cause });
  }
}

async function* eventsOf(body: AsyncIterable<Buffer>): AsyncGenerator<SentEvent> {
  const text = new TextDecoder();
  let events: SentEvent[] = [];
  const parser = createParser({
    onEvent: ({ event = 'message', id, data }) => events.push({ event, id, data: JSON.parse(data) }),
  });
  for await (const bytes of body) {
    parser.feed(text.decode(bytes, { stream: true }));
    yield* events;
    events = [];
  }
}

async function* linesOf(body: AsyncIterable<Buffer>): AsyncGenerator<unknown> {
  const text = new TextDecoder();
  let rest = '';
  for await (const bytes of body) {
    const lines = (rest + text.decode(bytes, { stream: true })).split('\n');
    rest = lines.pop()!;
    for (const line of lines) yield JSON.parse(line);
  }
}
