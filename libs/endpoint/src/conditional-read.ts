import type { Request } from 'express';
import { type Answer, bodyOf } from './answer.ts';
import type { StreamTools } from './content.ts';
import { entityTag, knownTag } from './entity-tag.ts';
import { RangeNotSatisfiable } from './failure.ts';

/** The tag of what is answered; of what is made while it is sent there is none. */
export function tagOf(answer: Answer): string | undefined {
  if (answer.source) return `"${answer.source.tag}"`;
  // Of what has a version, its handler tells.
  if (typeof answer.headers.ETag === 'string') return answer.headers.ETag;
  return answer.produce ? undefined : entityTag(bodyOf(answer));
}

/**
 * The answer to a read with its validators; a 304 to a caller who has it (RFC 9110, section 15.4.5); and of what can be had
 * in parts the one that is wanted (section 14).
 *
 * @throws RangeNotSatisfiable
 */
export function conditional(answer: Answer, request: Request): Answer {
  const tag = answer.status === 200 ? tagOf(answer) : undefined;
  if (tag === undefined) return answer;
  const { lastModified } = answer;
  const validators = {
    ETag: tag,
    ...(lastModified ? { 'Last-Modified': lastModified.toUTCString() } : {}),
  };
  const headers = { ...answer.headers, ...validators };
  const known = heldTag(request, tag, lastModified);
  if (known !== undefined) return { status: 304, payload: undefined, headers: { ...headers, ETag: known } };
  if (!answer.ranged) return { ...answer, headers };
  return partOf({ ...answer, headers: { ...headers, 'Accept-Ranges': 'bytes' } }, request, tag);
}

/** The tag by which the caller has what is answered: If-Modified-Since counts where there is no tag (section 13.1.3). */
function heldTag(request: Request, tag: string, lastModified: Date | undefined): string | undefined {
  const ifNoneMatch = request.get('if-none-match');
  if (ifNoneMatch !== undefined) return knownTag(ifNoneMatch, tag);
  const since = Date.parse(request.get('if-modified-since') ?? '');
  return lastModified && seconds(lastModified) <= since ? tag : undefined;
}

/** HTTP's dates have no parts of a second. */
const seconds = (date: Date) => Math.floor(date.getTime() / 1_000) * 1_000;

function partOf(answer: Answer, request: Request, tag: string): Answer {
  const { source } = answer;
  // What can be had in parts is bytes.
  const raw = answer.raw as Buffer | undefined;
  const whole = source?.length ?? raw!.length;
  const wanted = wantedRange(request, whole, tag, answer.lastModified);
  const [from, to] = wanted ?? [0, whole];
  const part = source
    ? { ...answer, length: to - from, produce: (tools: StreamTools) => source.read(from, to, tools) }
    : { ...answer, raw: raw!.subarray(from, to) };
  if (!wanted) return part;
  const headers = { ...answer.headers, 'Content-Range': `bytes ${from}-${to - 1}/${whole}` };
  return { ...part, status: 206, headers };
}

/**
 * The part that is asked for, as its first byte and that after its last. Undefined where the whole is to be answered: for
 * what is no range, for several at once, and for a part of what has changed since (If-Range).
 *
 * @throws RangeNotSatisfiable
 */
function wantedRange(
  request: Request,
  length: number,
  tag: string,
  lastModified: Date | undefined,
): [number, number] | undefined {
  const header = request.get('range');
  if (request.method !== 'GET' || header === undefined) return undefined;
  const ifRange = request.get('if-range');
  if (ifRange !== undefined && !isSame(ifRange, tag, lastModified)) return undefined;
  const [, first = '', last = ''] = /^bytes=(\d*)-(\d*)$/i.exec(header.trim()) ?? [];
  if (first === '' && last === '') return undefined;
  if (first !== '' && last !== '' && Number(last) < Number(first)) return undefined;
  const from = first === '' ? Math.max(0, length - Number(last)) : Number(first);
  if (from >= length) throw RangeNotSatisfiable(undefined, [], { 'Content-Range': `bytes */${length}` });
  return [from, first === '' || last === '' ? length : Math.min(length, Number(last) + 1)];
}

/** By strong comparison; a date has to be that of the last change (section 13.1.5). */
function isSame(ifRange: string, tag: string, lastModified: Date | undefined): boolean {
  if (ifRange.includes('"')) return ifRange.trim() === tag;
  return lastModified !== undefined && Date.parse(ifRange) === seconds(lastModified);
}
