import { createHash } from 'node:crypto';
import type { RedisClient } from '@rivergate/redis';
import type { PolicyPrincipal, PolicyRequest, RequestedOperation } from './policy-attributes.ts';
import {
  type Held,
  HOUR,
  heldIn,
  QUARTER,
  requestOf,
  roundedAge,
  type SampledRequest,
  sampledCaller,
  sampleOf,
} from './policy-sample.ts';

/** Milliseconds between two messages to Redis. */
const INTERVAL = 2_000;
/** Hours that are kept, with the one that has begun. */
export const SAMPLED_HOURS = 24;
/**
 * Requests of an organization in an hour that are told apart where it has policies; fewer where it has none, so that those
 * who never have any take little of Redis. What is beyond counts together.
 */
export const MOST_SAMPLES = { withPolicies: 2_000, without: 200 } as const;
/** What users hold, of an organization in an hour, that is told apart. */
const MOST_HELD = 100;
/** Of all organizations together, that one process tells apart until the next message. */
const MOST_WAITING = 20_000;
/** Samples in one command: Redis does nothing else meanwhile. */
const PORTION = 500;
/** Fields of what is beyond the bounds, and of how much that users hold is told apart. */
const [OTHERS, HELD] = ['others', 'held'];

/**
 * ARGV: most samples, most held, when it ends, others, then how many held there are, each with its text, and samples, each
 * with its count and the index of what its caller holds.
 */
const COUNT = `
local key, most, mostHeld, others = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[4])
local held = tonumber(ARGV[5])
local told = tonumber(redis.call('HGET', key, '${HELD}') or '0')
local size = redis.call('HLEN', key) - told - redis.call('HEXISTS', key, '${HELD}') - redis.call('HEXISTS', key, '${OTHERS}')
for index = 6 + 2 * held, #ARGV, 3 do
  local sample, count, at = ARGV[index], tonumber(ARGV[index + 1]), 6 + 2 * tonumber(ARGV[index + 2])
  local known = redis.call('HEXISTS', key, sample) == 1
  if not known and size < most then
    known = redis.call('HEXISTS', key, ARGV[at]) == 1
    if not known and told < mostHeld then
      redis.call('HSET', key, ARGV[at], ARGV[at + 1])
      redis.call('HINCRBY', key, '${HELD}', 1)
      told, known = told + 1, true
    end
    if known then size = size + 1 end
  end
  if known then redis.call('HINCRBY', key, sample, count) else others = others + count end
end
if others > 0 then redis.call('HINCRBY', key, '${OTHERS}', others) end
redis.call('PEXPIREAT', key, ARGV[3])`;

const keyOf = (organizationId: number, hour: number) =>
  `policy-sample:{organization:${organizationId}}:${hour / HOUR}`;
const hourOf = (now: number) => now - (now % HOUR);

/** Who asked, ready to be told. */
type Caller = { text: string; authTime: number | null; held: KeptHeld; counted: string };
type KeptHeld = { key: string; text: string };
type Counted = { caller: Caller; operations: Map<RequestedOperation, number> };
type Waiting = { most: number; callers: Map<string, Counted>; samples: number; others: number };

/** Keeps, for a day, which requests there were, as far as conditions can tell them apart. */
export interface PolicySamples {
  /** @param most requests of the organization that are told apart in an hour, of MOST_SAMPLES */
  count(organizationId: number, most: number, request: PolicyRequest): void;
  /** Tells Redis what it has not been told yet. */
  stop(): Promise<void>;
}

/** A sample, not a proof: what Redis cannot be told is lost, and no request waits for it. */
export function policySamples(redis: RedisClient): PolicySamples {
  const callers = new WeakMap<PolicyPrincipal, Caller>();
  const known = new WeakMap<readonly unknown[], KeptHeld>();
  let waiting = new Map<number, Waiting>();
  let samples = 0;
  let since = 0;
  const callerOf = (principal: PolicyPrincipal): Caller => {
    const found = callers.get(principal);
    if (found) return found;
    const held = heldOf(principal, known);
    const { authTime } = principal;
    const text = sampledCaller(principal, held.key);
    const caller = { text, authTime, held, counted: `${text} ${authTime}` };
    callers.set(principal, caller);
    return caller;
  };
  const tell = async () => {
    if (waiting.size === 0) return;
    const [told, at] = [waiting, since];
    [waiting, samples] = [new Map(), 0];
    if (redis.status !== 'ready') return;
    await Promise.allSettled([...told].flatMap(([id, of]) => messagesOf(id, of, at)).map(send));
  };
  const send = ({ key, ...message }: Message) => redis.eval(COUNT, 1, key, ...message.values);
  const timer = setInterval(() => void tell(), INTERVAL);
  timer.unref();
  return {
    count(organizationId, most, { principal, operation }) {
      let of = waiting.get(organizationId);
      if (!of) {
        if (waiting.size >= MOST_WAITING) return;
        // All that is told together has one time: that of the first.
        if (waiting.size === 0) since = Date.now();
        of = { most, callers: new Map(), samples: 0, others: 0 };
        waiting.set(organizationId, of);
      }
      const caller = callerOf(principal);
      let counted = of.callers.get(caller.counted);
      const before = counted?.operations.get(operation);
      if (before === undefined) {
        if (samples >= MOST_WAITING || of.samples >= MOST_SAMPLES.withPolicies) {
          of.others += 1;
          return;
        }
        samples += 1;
        of.samples += 1;
      }
      if (!counted) {
        counted = { caller, operations: new Map() };
        of.callers.set(caller.counted, counted);
      }
      counted.operations.set(operation, (before ?? 0) + 1);
    },
    async stop() {
      clearInterval(timer);
      await tell();
    },
  };
}

const EVERYTHING: readonly unknown[] = ['*'];

/** Lists of permissions and roles are the same objects for as long as a membership is. */
function heldOf({ permissions, roleIds }: Held, known: WeakMap<readonly unknown[], KeptHeld>): KeptHeld {
  // Of administrators the list is made anew each time, and their roles tell them apart.
  const by = permissions[0] === '*' ? (roleIds ?? EVERYTHING) : permissions;
  const found = known.get(by);
  if (found) return found;
  const text = JSON.stringify([permissions, roleIds]);
  const key = `held ${createHash('sha256').update(text).digest('base64url').slice(0, 16)}`;
  known.set(by, { key, text });
  return { key, text };
}

type Message = { key: string; values: (string | number)[] };

function messagesOf(organizationId: number, { most, callers, others }: Waiting, at: number): Message[] {
  const hour = hourOf(at);
  const quarter = Math.floor((at - hour) / QUARTER);
  const counts = new Map<string, { count: number; held: KeptHeld }>();
  for (const { caller, operations } of callers.values()) {
    const { authTime, held, text } = caller;
    const age = roundedAge(authTime === null ? null : Math.max(0, at / 1000 - authTime));
    for (const [operation, count] of operations) {
      const sample = sampleOf(text, operation, age, quarter);
      counts.set(sample, { count: (counts.get(sample)?.count ?? 0) + count, held });
    }
  }
  const all = [...counts];
  const messages: Message[] = [];
  for (let from = 0; from < Math.max(1, all.length); from += PORTION) {
    const portion = all.slice(from, from + PORTION);
    const held = [...new Map(portion.map(([, of]) => [of.held.key, of.held])).values()];
    const indexes = new Map(held.map(({ key }, index) => [key, index]));
    const values = [
      ...[most, MOST_HELD, hour + SAMPLED_HOURS * HOUR, from === 0 ? others : 0, held.length],
      ...held.flatMap(({ key, text }) => [key, text]),
      ...portion.flatMap(([sample, of]) => [sample, of.count, indexes.get(of.held.key)!]),
    ];
    messages.push({ key: keyOf(organizationId, hour), values });
  }
  return messages;
}

/** Requests of one hour. */
export type SampledHour = {
  /** Milliseconds since 1970, at its beginning. */
  hour: number;
  /** Those that conditions cannot tell apart stand together. */
  samples: (SampledRequest & { requests: number })[];
  /** Requests of which nothing is known but that they were. */
  others: number;
};

/**
 * What is kept of an organization's requests, the latest hour first.
 *
 * @throws what ioredis does where Redis cannot be had
 */
export async function* readPolicySamples(
  redis: RedisClient,
  organizationId: number,
): AsyncGenerator<SampledHour> {
  const now = hourOf(Date.now());
  for (let back = 0; back < SAMPLED_HOURS; back++) {
    const hour = now - back * HOUR;
    yield hourIn(await redis.hgetall(keyOf(organizationId, hour)), hour);
  }
}

function hourIn(kept: Record<string, string>, hour: number): SampledHour {
  const held = new Map<string, Held | null>();
  const heldBy = (key: string) => {
    if (!held.has(key)) held.set(key, heldIn(Object.hasOwn(kept, key) ? kept[key] : undefined));
    return held.get(key)!;
  };
  const read: SampledHour = { hour, samples: [], others: 0 };
  for (const [field, value] of Object.entries(kept)) {
    const requests = Number(value);
    if (field === HELD || !Number.isSafeInteger(requests) || requests <= 0) continue;
    const sample = requestOf(field, hour, heldBy);
    if (sample) read.samples.push({ ...sample, requests });
    else read.others += requests;
  }
  return read;
}

/** Forgets all that is kept of an organization's requests. */
export async function forgetPolicySamples(redis: RedisClient, organizationId: number): Promise<void> {
  const now = hourOf(Date.now());
  const hours = Array.from({ length: SAMPLED_HOURS }, (_, back) => now - back * HOUR);
  await Promise.all(hours.map(hour => redis.del(keyOf(organizationId, hour))));
}
