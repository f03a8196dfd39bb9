import { type Outbound, type OutboundAnswer, OutboundFailure } from '@rivergate/outbound';
import type { Worker } from '@rivergate/service';
import { signedHeaders } from '../signature.ts';
import { type Claimed, claimDeliveries } from './claim.ts';
import type { Attempt } from './delivery-store.ts';
import type { SendingTools } from './sending-tools.ts';
import { type Settled, settleDeliveries } from './settle.ts';
import { verdictOn } from './verdict.ts';

/** Milliseconds that a receiver has for its answer (Standard Webhooks recommends 15 to 30 seconds). */
const DEADLINE = 15_000;
/** Bytes of the answer that are read, and shown in the log. */
const READ = 1_024;
/** Milliseconds that are waited for them once the status is there. */
const READ_WITHIN = 1_000;

/**
 * Sends what is due to webhooks. At least once: what a process had in hand that vanished is sent again, under the same
 * webhook-id. Order is not kept.
 */
export const sendWebhooks: Worker<SendingTools, Claimed, Settled> = {
  name: 'send to webhooks',
  slots: 200,
  claim: ({ knex }, most) => claimDeliveries(knex, most),
  work: send,
  settle: settleDeliveries,
  outcomeOf: ({ verdict }) => verdict.outcome,
};

async function send({ outbound, secretBox }: SendingTools, claimed: Claimed): Promise<Settled> {
  const { organization_id: organizationId, secrets, event_id: eventId, payload, tries } = claimed;
  const now = Date.now();
  const began = performance.now();
  const headers = signedHeaders(secretBox, { organizationId, secrets, eventId, payload }, now);
  const { retryAfter, ...answered } = headers
    ? await post(outbound, claimed.url, headers, payload)
    : { ...UNANSWERED, error: 'secret_unreadable' };
  const duration_ms = Math.round(performance.now() - began);
  const attempt: Attempt = { at: new Date(now).toISOString(), ...answered, duration_ms };
  return { claimed, attempt, verdict: verdictOn(attempt, tries, retryAfter, Date.now(), Math.random()) };
}

type Answered = Pick<Attempt, 'status' | 'error' | 'response'> & { retryAfter: string | null };

const UNANSWERED = { status: null, response: null, retryAfter: null };

async function post(
  outbound: Outbound,
  url: string,
  headers: Record<string, string>,
  body: string,
): Promise<Answered> {
  const enough = new AbortController();
  try {
    const answer = await outbound.request(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'Rivergate-Webhooks/1', ...headers },
      body,
      deadline: DEADLINE,
      signal: enough.signal,
      // The status decides, however long the answer says to be: it is closed after its beginning.
      maxBytes: Number.MAX_SAFE_INTEGER,
    });
    const retryAfter = answer.headers.get('retry-after');
    return { status: answer.status, error: null, response: await beginningOf(answer, enough), retryAfter };
  } catch (cause) {
    if (!(cause instanceof OutboundFailure)) throw cause;
    return { ...UNANSWERED, error: cause.reason };
  }
}

/** The first bytes as text. What comes late or breaks off after the status changes nothing. */
async function beginningOf({ body }: OutboundAnswer, enough: AbortController): Promise<string | null> {
  const read: Buffer[] = [];
  let size = 0;
  const timer = setTimeout(() => enough.abort(), READ_WITHIN);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      read.push(chunk);
      size += chunk.length;
      if (size >= READ) break;
    }
  } catch (cause) {
    if (!(cause instanceof OutboundFailure)) throw cause;
  } finally {
    clearTimeout(timer);
  }
  const text = new TextDecoder().decode(Buffer.concat(read).subarray(0, READ));
  // PostgreSQL holds no NUL, and nobody wants to see the others.
  return text === '' ? null : text.replace(/[^\P{Cc}\n\t]/gu, '\uFFFD').toWellFormed();
}
