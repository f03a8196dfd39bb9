import { z } from 'zod';
import { EVENT_STREAM, type SentEvent } from '../content.ts';
import { declaredEvent, declaredLine, type Strictness, unkept } from '../declared-answer.ts';
import type { EndpointSpec } from '../spec.ts';

export type Chunk = string | Uint8Array;

/** Milliseconds after which a client whose event stream has ended comes again. */
const RETRY = 2_000;

/** The first chunk of an event stream: it brings the head of the answer to the client before there is an event. */
export const EVENTS_BEGIN = `retry: ${RETRY}\n\n`;
/** A comment, which clients pass over: it shows every proxy on the way that the connection is in use. */
export const HEARTBEAT = ':\n\n';

/** How the pieces of a stream of this type are written, each as one chunk. */
export function encoderOf(
  spec: EndpointSpec,
  type: string,
  strictness: Strictness,
): (piece: unknown) => Chunk {
  if (type === EVENT_STREAM) return event => eventText(spec, event as SentEvent, strictness);
  const kind = spec.streams?.[type];
  if (!(kind instanceof z.ZodType)) return piece => piece as Chunk;
  return batch =>
    (batch as readonly unknown[]).map(line => `${declaredLine(spec, kind, line, strictness)}\n`).join('');
}

/** One event (HTML, section 9.2.5). JSON has no line breaks outside of its texts, and escapes them there. */
function eventText(spec: EndpointSpec, { event, id, data }: SentEvent, strictness: Strictness): string {
  const written = declaredEvent(spec, event, data, strictness);
  if (id !== undefined && /[\0\r\n]/.test(id)) throw unkept(spec, 'gives an event an id with a line break');
  return `${id === undefined ? '' : `id: ${id}\n`}event: ${event}\ndata: ${written}\n\n`;
}
