import keySlot from 'cluster-key-slot';
import { Cluster, type Redis, type RedisOptions } from 'ioredis';
import type { RedisClient } from './connect.ts';

/** The hash slot of a key, of 16384 in a cluster; without one, all keys are in one. */
export function slotOf(redis: RedisClient, key: string): number {
  return redis instanceof Cluster ? keySlot(key) : 0;
}

/** Which node has which slots, as one of them says it. */
export type Topology = {
  /** The same as long as nothing changes. */
  text: string;
  /** A hash tag of a slot that this node has. */
  tag: string;
};

type Range = [start: number, end: number, master: [host: string, port: number, id: string]];

/** Rejects when the node is in no cluster, or has no slots. */
export async function topologyOf(node: Redis): Promise<Topology> {
  const [own, reply] = await Promise.all([node.cluster('MYID'), node.cluster('SLOTS')]);
  const ranges = (reply as unknown as Range[]).toSorted(([one], [other]) => one - other);
  const text = JSON.stringify(ranges.map(([start, end, [, , id]]) => [start, end, id]));
  const slots = ranges.filter(([, , [, , id]]) => id === own);
  if (slots.length === 0) throw new Error('This node has no slots');
  for (let number = 0; ; number++) {
    const slot = keySlot(String(number));
    if (slots.some(([start, end]) => start <= slot && slot <= end)) return { text, tag: `{${number}}` };
  }
}

/**
 * Waits until a replica has what was written over this connection before, at most `patience` milliseconds: whatever is
 * promoted then has it, too. Where there is one server there is nothing to wait for.
 *
 * @param key one that was written
 */
export async function replicated(redis: RedisClient, key: string, patience: number): Promise<void> {
  const master =
    redis instanceof Cluster
      ? redis.nodes('master').find(({ options }) => redis.slots[keySlot(key)]?.[0] === nodeKey(options))
      : redis.options.sentinels && redis;
  await master?.wait(1, patience).catch(() => 0);
}

/** How many clients listen to a channel, at the master where most do. A node that does not answer counts as none. */
export async function mostListeners(redis: Cluster, channel: string): Promise<number> {
  const counts = redis.nodes('master').map(async node => {
    const [, count] = (await node.pubsub('NUMSUB', channel)) as [string, number];
    return count;
  });
  const answered = await Promise.allSettled(counts);
  return Math.max(0, ...answered.map(answer => (answer.status === 'fulfilled' ? answer.value : 0)));
}

const nodeKey = ({ host, port }: RedisOptions) => `${host}:${port}`;
