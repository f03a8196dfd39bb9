import { describe, expect, it } from 'vitest';
import { factMemory } from './fact-memory.ts';

const keepIn = (memory: ReturnType<typeof factMemory>, key: string, text = 'text', endsAt = 10_000) => {
  const reading = memory.begin();
  reading.keep(key, `value of ${key}`, text, endsAt);
  reading.end();
};

describe('the memory of facts', () => {
  it('keeps a fact until its end, and not a moment longer', () => {
    const memory = factMemory();
    keepIn(memory, 'one', 'text', 100);
    expect(memory.recall('one', 99.9)).toBe('value of one');
    expect(memory.recall('one', 100)).toBeUndefined();
    expect(memory.size()).toBe(0);
  });

  it('keeps nothing that was withdrawn while it was being read, and what was read beside it', () => {
    const memory = factMemory();
    const reading = memory.begin();
    memory.forget(['one']);
    for (const key of ['one', 'other']) reading.keep(key, key, 'text', 1_000);
    expect(memory.recall('one', 0)).toBeUndefined();
    expect(memory.recall('other', 0)).toBe('other');
  });

  it('keeps nothing of a reading that was under way when everything was forgotten', () => {
    const memory = factMemory();
    const reading = memory.begin();
    memory.clear();
    reading.keep('one', 'one', 'text', 1_000);
    expect(memory.size()).toBe(0);
  });

  it('is bounded by what it holds, whatever the number: what was used longest ago goes first', () => {
    const memory = factMemory(10 * 1_000);
    for (let index = 0; index < 9; index++) keepIn(memory, `key ${index}`, 'x'.repeat(700));
    memory.recall('key 0', 5_000);
    for (let index = 9; index < 14; index++) keepIn(memory, `key ${index}`, 'x'.repeat(700));
    expect(memory.recall('key 0', 0)).toBe('value of key 0');
    expect(memory.recall('key 1', 0)).toBeUndefined();
    expect(memory.size()).toBeLessThanOrEqual(10);
    keepIn(memory, 'huge', 'x'.repeat(10_000));
    expect(memory.recall('huge', 0)).toBeUndefined();
    for (let round = 0; round < 1_000; round++) keepIn(memory, 'key 0', 'x'.repeat(700));
    keepIn(memory, 'other');
    expect(memory.size()).toBe(2);
  });
});
