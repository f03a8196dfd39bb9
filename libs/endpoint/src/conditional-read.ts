import { type Answer, bytesOf } from './answer.ts';
import { entityTag, knownTag } from './entity-tag.ts';

/** The answer to a read with its entity tag, or a 304 to a caller who has it (RFC 9110, section 15.4.5). */
export function tagged(answer: Answer, ifNoneMatch: string | undefined): Answer {
  if (answer.status !== 200 || answer.produce) return answer;
  const raw = bytesOf(answer);
  const tag = entityTag(raw);
  const known = knownTag(ifNoneMatch, tag);
  if (known !== undefined)
    return { status: 304, payload: undefined, headers: { ...answer.headers, ETag: known } };
  return { ...answer, raw, headers: { ...answer.headers, ETag: tag } };
}
