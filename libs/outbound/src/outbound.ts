import type { Dispatcher } from 'undici';
import { answerOf, type OutboundAnswer } from './answer.ts';
import type { Bounds, OutboundRequest } from './bounds.ts';
import { checkedAddresses, type Reach } from './checked-addresses.ts';
import { type Connections, connections } from './connections.ts';
import { type Deadline, deadline } from './deadline.ts';
import { failureOf, OutboundFailure } from './failure.ts';
import { type FetchFace, fetchFace } from './fetch.ts';
import { headersToSend } from './headers-to-send.ts';
import { type Hop, leadsOn, nextHop } from './redirect.ts';
import { targetOf } from './target.ts';
import { type TextRecords, textRecords } from './text-records.ts';

/** The one way to a URL, and to a name in DNS, that a user gave. Whatever does not succeed is thrown as an OutboundFailure. */
export interface Outbound {
  request(url: string | URL, request?: OutboundRequest): Promise<OutboundAnswer>;
  /** Whether a URL would be asked, for when it is stored. It is checked again whenever it is fetched. */
  check(url: string | URL, bounds?: Bounds): Promise<void>;
  /** `fetch` for libraries that take one, within these bounds. */
  fetch(bounds?: Bounds): FetchFace;
  /** The TXT records at a name; nothing is connected to but the name servers. */
  textRecords(name: string, bounds?: Pick<Bounds, 'deadline'>): Promise<TextRecords>;
  close(): Promise<void>;
}

const DEADLINE = 10_000;
const MAX_BYTES = 1_048_576;

export function outbound(reach: Reach): Outbound {
  const open = connections();
  const request = (url: string | URL, given: OutboundRequest = {}) => {
    const time = deadline(given.deadline ?? DEADLINE, given.signal);
    return following(open, reach, url, given, time).catch(cause => {
      time.stop();
      throw failureOf(cause);
    });
  };
  return {
    request,
    async check(url, { deadline: milliseconds = DEADLINE, ports, http } = {}) {
      const target = targetOf(url, ports);
      const time = deadline(milliseconds);
      await checkedAddresses(reach, target, http, time.signal).finally(time.stop);
    },
    fetch: bounds => fetchFace(request, bounds),
    async textRecords(name, { deadline: milliseconds = DEADLINE } = {}) {
      const time = deadline(milliseconds);
      return await textRecords(name, reach.nameServers, time.signal).finally(time.stop);
    },
    close: () => open.close(),
  };
}

async function following(
  open: Connections,
  reach: Reach,
  url: string | URL,
  given: OutboundRequest,
  time: Deadline,
): Promise<OutboundAnswer> {
  const { maxBytes = MAX_BYTES, redirects = 0, decompress = false, ports, http } = given;
  let hop: Hop = {
    url: targetOf(url, ports),
    method: given.method ?? 'GET',
    headers: headersToSend(given.headers, decompress),
    body: given.body ?? null,
  };
  for (let followed = 0; ; followed++) {
    const addresses = await checkedAddresses(reach, hop.url, http, time.signal);
    const { response, end } = await ask(open, hop, addresses, time);
    try {
      if (redirects === 0 || !leadsOn(response)) {
        response.body.once('close', time.stop);
        return answerOf(hop.url, response, { method: hop.method, maxBytes, decompress });
      }
      if (followed === redirects) throw new OutboundFailure('redirect_not_allowed');
      hop = nextHop(hop, response, ports);
      end();
    } catch (cause) {
      end();
      throw cause;
    }
  }
}

/** One request and the head of its answer. `end` breaks off what is left; whatever becomes of the body, it is given back. */
async function ask(
  open: Connections,
  { url, method, headers, body }: Hop,
  addresses: readonly string[],
  { signal }: Deadline,
): Promise<{ response: Dispatcher.ResponseData; end: () => void }> {
  const { pool, release } = open.take(url.origin, addresses);
  try {
    const path = url.pathname + url.search;
    const asked = pool.request({ path, method, headers, body, signal });
    // undici looks at the signal only once there is a connection; then it gives up by itself.
    const response = await Promise.race([asked, abortion(signal)]);
    const end = () => void response.body.destroy(signal.reason);
    signal.addEventListener('abort', end);
    response.body
      // Whoever reads is told; nobody may be reading.
      .on('error', () => {})
      .once('close', () => {
        signal.removeEventListener('abort', end);
        release();
      });
    return { response, end };
  } catch (cause) {
    release();
    throw cause;
  }
}

/** Rejects with the reason of the signal. */
function abortion(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
