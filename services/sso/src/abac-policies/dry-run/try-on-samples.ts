import { setImmediate } from 'node:timers/promises';
import {
  type AttributePolicy,
  attributesOf,
  decidingPolicy,
  type PolicyRequest,
  type SampledHour,
} from '@rivergate/caller';
import { countedNetwork } from '@rivergate/caller/address';

/** Milliseconds after which others get their turn. */
const SLICE = 10;
/** Milliseconds after which what is left is not tried any more: well before the gateway gives up. */
const PATIENCE = 15_000;

/** Requests that would be decided otherwise, alike in who asked for what from where, and in which policy decides. */
export interface ChangedRequests {
  /** What would become of them. */
  decision: 'deny' | 'allow';
  userId: number | null;
  operation: string | null;
  /** IPv4 /24 or IPv6 /48. */
  network: string | null;
  /** Which policy decides; null where none does. */
  before: AttributePolicy | null;
  after: AttributePolicy | null;
  requests: number;
  /** One of the latest of them. */
  example: { request: PolicyRequest; at: number };
}

export interface Trial {
  /** Milliseconds since 1970: the beginning of the first hour of which anything is known; null where nothing is. */
  from: number | null;
  /** Requests that were tried, and those that are beyond what is kept apart, or for which no time was left. */
  tried: number;
  others: number;
  denied: number;
  allowed: number;
  /** The most frequent first. */
  changed: ChangedRequests[];
}

/**
 * Asks both lists about each request, with the evaluator that decides about requests.
 *
 * @param hours the latest first
 */
export async function tryOnSamples(
  hours: AsyncIterable<SampledHour>,
  before: readonly AttributePolicy[],
  after: readonly AttributePolicy[],
  patience = PATIENCE,
): Promise<Trial> {
  const trial: Trial = { from: null, tried: 0, others: 0, denied: 0, allowed: 0, changed: [] };
  const groups = new Map<string, ChangedRequests>();
  const end = performance.now() + patience;
  let turn = performance.now();
  for await (const { hour, samples, others } of hours) {
    if (samples.length > 0 || others > 0) trial.from = hour;
    trial.others += others;
    for (const { request, at, requests } of samples) {
      if (performance.now() - turn > SLICE) {
        await setImmediate();
        turn = performance.now();
      }
      if (turn > end) {
        trial.others += requests;
        continue;
      }
      trial.tried += requests;
      const attributes = attributesOf(request, at);
      const [was, becomes] = [decidingPolicy(before, attributes), decidingPolicy(after, attributes)];
      const decision = becomes?.effect === 'deny' ? 'deny' : 'allow';
      if ((was?.effect === 'deny' ? 'deny' : 'allow') === decision) continue;
      trial[decision === 'deny' ? 'denied' : 'allowed'] += requests;
      const { userId, ip } = request.principal;
      const operation = request.operation.operation ?? null;
      const network = ip === null ? null : countedNetwork(ip);
      const key = JSON.stringify([decision, userId, operation, network, was?.id, becomes?.id]);
      const found = groups.get(key);
      if (found) found.requests += requests;
      else
        groups.set(key, {
          ...{ decision, userId, operation, network },
          ...{ before: was, after: becomes, requests, example: { request, at } },
        });
    }
  }
  trial.changed = [...groups.values()].sort((one, other) => other.requests - one.requests);
  return trial;
}
