import type { RedisClient } from '@rivergate/redis';
import type { PolicyRequest } from './policy-attributes.ts';
import type { AttributePolicy } from './policy-language.ts';

/** Milliseconds between two messages to Redis. */
const INTERVAL = 2_000;
const HOUR = 3_600_000;
/** Hours that a report is about, beside the one that has begun. */
const HOURS = 24;
/** Pairs of user and operation that are told apart, of a policy in an hour; what is beyond counts together. */
const MOST_PAIRS = 1_000;
/** Of all policies together, that one process keeps until the next message. */
const MOST_WAITING = 20_000;
/** Field of all requests that a policy was asked about, and of those beyond MOST_PAIRS that it applies to. */
const [ASKED, OTHERS] = ['asked', 'others'];

const COUNT = `
for index = 3, #ARGV, 2 do
  local field = ARGV[index]
  if redis.call('HEXISTS', KEYS[1], field) == 0 and redis.call('HLEN', KEYS[1]) >= tonumber(ARGV[1]) then
    field = '${OTHERS}'
  end
  redis.call('HINCRBY', KEYS[1], field, ARGV[index + 1])
end
redis.call('EXPIRE', KEYS[1], ARGV[2])`;

type Reported = Pick<AttributePolicy, 'id' | 'revision'>;

const keyOf = ({ id, revision }: Reported, hour: number) => `policy-report:{${id}:${revision}}:${hour}`;
const hourOf = (now: number) => Math.floor(now / HOUR);

/** Counts, for a day, what policies in mode `report` would have decided. */
export interface PolicyReports {
  count(policy: AttributePolicy, applies: boolean, request: PolicyRequest): void;
  /** Tells Redis what it has not been told yet. */
  stop(): Promise<void>;
}

/** A report, not a proof: what Redis cannot be told is lost. */
export function policyReports(redis: RedisClient): PolicyReports {
  let waiting = new Map<string, Map<string, number>>();
  let fields = 0;
  const add = (key: string, field: string) => {
    let counts = waiting.get(key);
    if (!counts) {
      counts = new Map();
      waiting.set(key, counts);
    }
    const before = counts.get(field);
    if (before === undefined) fields += 1;
    counts.set(field, (before ?? 0) + 1);
  };
  const tell = async () => {
    const told = waiting;
    [waiting, fields] = [new Map(), 0];
    if (redis.status !== 'ready') return;
    await Promise.allSettled(
      [...told].map(([key, counts]) =>
        redis.eval(COUNT, 1, key, MOST_PAIRS, ((HOURS + 1) * HOUR) / 1000, ...[...counts].flat()),
      ),
    );
  };
  const timer = setInterval(() => void tell(), INTERVAL);
  timer.unref();
  return {
    count(policy, applies, { principal, operation }) {
      if (fields >= MOST_WAITING) return;
      const key = keyOf(policy, hourOf(Date.now()));
      add(key, ASKED!);
      if (applies) add(key, `${principal.userId ?? ''} ${operation.operation ?? ''}`);
    },
    async stop() {
      clearInterval(timer);
      await tell();
    },
  };
}

export type PolicyReport = {
  /** Requests that reached the policy. */
  asked: number;
  /** Those that it applies to. */
  applies: number;
  /** Those again, by who made them and what they asked for, the most frequent first. */
  by: { userId: number | null; operation: string | null; requests: number }[];
};

/** What was counted of a policy, as it is now, in the last 24 hours and what has passed of this one. */
export async function readPolicyReport(redis: RedisClient, policy: Reported): Promise<PolicyReport> {
  const hour = hourOf(Date.now());
  const keys = Array.from({ length: HOURS + 1 }, (_, back) => keyOf(policy, hour - back));
  const total = new Map<string, number>();
  for (const counts of await Promise.all(keys.map(key => redis.hgetall(key))))
    for (const [field, count] of Object.entries(counts))
      total.set(field, (total.get(field) ?? 0) + Number(count));
  const asked = total.get(ASKED!) ?? 0;
  const others = total.get(OTHERS!) ?? 0;
  total.delete(ASKED!);
  total.delete(OTHERS!);
  const by = [...total].map(([field, requests]) => {
    const [userId, operation] = field.split(' ');
    return { userId: userId ? Number(userId) : null, operation: operation || null, requests };
  });
  by.sort((one, other) => other.requests - one.requests);
  return { asked, applies: by.reduce((sum, { requests }) => sum + requests, others), by };
}
