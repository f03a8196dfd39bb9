import { codeOf, OutboundFailure } from './failure.ts';
import { askDns } from './resolve.ts';

/** What DNS says of the TXT records (RFC 1035, section 3.3.14) of a name. */
export interface TextRecords {
  /** Each in one piece, however it was cut into strings. */
  records: string[];
  /** The name is an alias (CNAME): what stands at another name is another's to say, and is not among the records. */
  isAlias: boolean;
}

/** How many records are looked at, of an answer of 64 KiB at most. */
const MOST_RECORDS = 100;

/** DNS knows the name, or the kind of record at it, not to exist (RFC 2308). Any other failure says nothing about it. */
const ABSENT = new Set(['ENOTFOUND', 'ENODATA']);

/**
 * The TXT records at this very name, asked of DNS each time; none where DNS says that there are none.
 *
 * @param servers asked instead of those of the system
 * @throws OutboundFailure where DNS gives no answer
 */
export async function textRecords(
  name: string,
  servers: readonly string[] | undefined,
  signal: AbortSignal,
): Promise<TextRecords> {
  const [aliases, texts] = await askDns(servers, signal, resolver => [
    resolver.resolveCname(name),
    resolver.resolveTxt(name).then(records => records.map(strings => strings.join(''))),
  ]);
  // A resolver follows an alias by itself, and fails where it leads in circles.
  if (found(aliases!).length > 0) return { records: [], isAlias: true };
  return { records: found(texts!).slice(0, MOST_RECORDS), isAlias: false };
}

function found(answer: PromiseSettledResult<string[]>): string[] {
  if (answer.status === 'fulfilled') return answer.value;
  const code = codeOf(answer.reason);
  if (code !== undefined && ABSENT.has(code)) return [];
  throw new OutboundFailure('dns', code);
}
