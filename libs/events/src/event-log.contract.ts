import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { CloudEvent, EventLog, Subscribe } from './index.ts';
import { record } from './testing/inventory.ts';

const WAIT = { timeout: 30_000, interval: 10 };

/** What every event log keeps to. */
export function eventLogContract(name: string, open: () => Promise<EventLog>): void {
  describe(`${name} as an event log`, { timeout: 60_000 }, () => {
    let log: EventLog;
    beforeAll(async () => {
      log = await open();
    });
    afterAll(() => log.close());

    const fresh = () => ({ topic: `test.${randomUUID()}`, group: `test.${randomUUID()}` });

    /** Subscribes and keeps what comes. */
    async function collect(from: EventLog, subscribe: Omit<Subscribe, 'handle'>) {
      const events: CloudEvent[] = [];
      const handle: Subscribe['handle'] = async event => void events.push(event);
      return { events, ...(await from.subscribe({ ...subscribe, handle })) };
    }
    const numbers = (events: CloudEvent[], key?: string) =>
      events.filter(event => !key || event.subject === key).map(event => event.data.n);
    const range = (count: number) => Array.from({ length: count }, (_, n) => n);

    it('delivers what was published, unchanged', async () => {
      const { topic, group } = fresh();
      const reading = await collect(log, { group, topics: [topic] });
      const sent = record(topic, 'rose', { text: 'Blüte 🌹 "quoted" \\ \n', big: 2 ** 53 - 1, none: null });
      await log.publish([sent]);
      await vi.waitFor(() => expect(reading.events).toEqual([sent.event]), WAIT);
      await reading.stop();
    });

    it('keeps the order of each key, over batches', async () => {
      const { topic, group } = fresh();
      const reading = await collect(log, { group, topics: [topic] });
      const keys = ['rose', 'tulip', 'fern'];
      for (const from of [0, 100]) {
        await log.publish(range(100).flatMap(n => keys.map(key => record(topic, key, { n: from + n }))));
      }
      await vi.waitFor(() => expect(reading.events).toHaveLength(600), WAIT);
      for (const key of keys) expect(numbers(reading.events, key)).toEqual(range(200));
      await reading.stop();
    });

    it('gives every event to each group, and a new group all from the beginning', async () => {
      const { topic, group } = fresh();
      await log.publish(range(5).map(n => record(topic, 'rose', { n })));
      const first = await collect(log, { group, topics: [topic] });
      const second = await collect(log, { group: `${group}.second`, topics: [topic] });
      for (const { events } of [first, second]) {
        await vi.waitFor(() => expect(numbers(events)).toEqual(range(5)), WAIT);
      }
      await Promise.all([first.stop(), second.stop()]);
    });

    it('starts a new group after the newest event when asked to', async () => {
      const { topic, group } = fresh();
      await log.publish([record(topic, 'rose', { n: 'before' })]);
      const reading = await collect(log, { group, topics: [topic], fromBeginning: false });
      await reading.started;
      await log.publish([record(topic, 'rose', { n: 'after' })]);
      await vi.waitFor(() => expect(numbers(reading.events)).toEqual(['after']), WAIT);
      await reading.stop();
    });

    it('goes on where the group stopped', async () => {
      const { topic, group } = fresh();
      const first = await collect(log, { group, topics: [topic] });
      await log.publish(range(3).map(n => record(topic, 'rose', { n })));
      await vi.waitFor(() => expect(first.events).toHaveLength(3), WAIT);
      await first.stop();
      await log.publish([record(topic, 'rose', { n: 3 })]);
      const second = await collect(log, { group, topics: [topic] });
      await vi.waitFor(() => expect(second.events.length).toBeGreaterThan(0), WAIT);
      expect(numbers(second.events)).toEqual([3]);
      await second.stop();
    });

    it('delivers an event again, before those after it, when its handler throws', async () => {
      const { topic, group } = fresh();
      const seen: unknown[] = [];
      let failures = 2;
      const reading = await log.subscribe({
        group,
        topics: [topic],
        async handle({ data }) {
          seen.push(data.n);
          if (data.n === 1 && failures-- > 0) throw new Error('not yet');
        },
      });
      await log.publish(range(3).map(n => record(topic, 'rose', { n })));
      await vi.waitFor(() => expect(seen).toEqual([0, 1, 1, 1, 2]), WAIT);
      await reading.stop();
    });

    it('passes over what is not asked for, and is behind by none of it', async () => {
      const { topic, group } = fresh();
      const other = (n: number) => {
        const { event, ...place } = record(topic, 'rose', { n });
        return { ...place, event: { ...event, type: 'inventory.item.removed' } };
      };
      const sent = range(40).map(n => (n % 4 === 0 ? record(topic, 'rose', { n }) : other(n)));
      await log.publish(sent);
      const reading = await collect(log, { group, topics: [topic], types: ['inventory.item.changed'] });
      await vi.waitFor(async () => expect(await log.lag(group, [topic])).toBe(0), WAIT);
      expect(numbers(reading.events)).toEqual(range(10).map(n => 4 * n));
      await reading.stop();
    });

    it('hands over several at once, and one by one what could not be handled so', async () => {
      const { topic, group } = fresh();
      await log.publish(range(10).map(n => record(topic, 'rose', { n })));
      const seen: unknown[] = [];
      const tried: unknown[][] = [];
      const reading = await log.subscribe({
        group,
        topics: [topic],
        handle: async ({ data }) => void seen.push(data.n),
        async together(delivered) {
          tried.push(delivered.map(({ event }) => event.data.n));
          return false;
        },
      });
      await vi.waitFor(() => expect(seen).toEqual(range(10)), WAIT);
      expect(tried.flat()).toEqual(expect.arrayContaining(range(10).slice(-2)));
      await reading.stop();
    });

    it('does not commit an event whose handler was stopped', async () => {
      const { topic, group } = fresh();
      const entered = Promise.withResolvers<void>();
      const reading = await log.subscribe({
        group,
        topics: [topic],
        async handle(_event, { signal }) {
          entered.resolve();
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
        },
      });
      await log.publish([record(topic, 'rose', { n: 0 })]);
      await entered.promise;
      await reading.stop();
      expect(await log.lag(group, [topic])).toBe(1);
      const again = await collect(log, { group, topics: [topic] });
      await vi.waitFor(() => expect(numbers(again.events)).toEqual([0]), WAIT);
      await again.stop();
    });

    it('lets one process of a group take over from another', async () => {
      const { topic, group } = fresh();
      const other = await open();
      const first = await collect(log, { group, topics: [topic] });
      await log.publish(range(10).map(n => record(topic, `item-${n}`, { n })));
      await vi.waitFor(() => expect(first.events).toHaveLength(10), WAIT);
      const second = await collect(other, { group, topics: [topic] });
      await second.started;
      await first.stop();
      await log.publish([record(topic, 'rose', { n: 'later' })]);
      await vi.waitFor(() => expect(numbers(second.events)).toContain('later'), WAIT);
      await second.stop();
      await other.close();
    });

    it('reads several topics in one subscription', async () => {
      const [one, two] = [fresh(), fresh()];
      const reading = await collect(log, { group: one.group, topics: [one.topic, two.topic] });
      await log.publish([record(one.topic, 'rose', { n: 1 }), record(two.topic, 'rose', { n: 2 })]);
      await vi.waitFor(() => expect(numbers(reading.events).toSorted()).toEqual([1, 2]), WAIT);
      await reading.stop();
    });

    it('takes events of 256 KiB, many at once', async () => {
      const { topic, group } = fresh();
      const reading = await collect(log, { group, topics: [topic] });
      const text = 'x'.repeat(256 * 1024 - 500);
      await log.publish(range(8).map(n => record(topic, 'rose', { n, text })));
      await vi.waitFor(() => expect(numbers(reading.events)).toEqual(range(8)), WAIT);
      await reading.stop();
    });

    it('tells how far a group is behind', async () => {
      const { topic, group } = fresh();
      await log.publish(range(4).map(n => record(topic, `item-${n}`, { n })));
      expect(await log.lag(group, [topic])).toBe(4);
      const reading = await collect(log, { group, topics: [topic] });
      await vi.waitFor(async () => expect(await log.lag(group, [topic])).toBe(0), WAIT);
      await reading.stop();
    });

    it('says that it is ready', async () => {
      expect(await log.ready()).toBe(true);
    });
  });
}
