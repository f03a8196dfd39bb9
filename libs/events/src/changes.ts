import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';

/** What a change did to each field: the value before it, and the one from now on. Never of a field that holds a secret. */
export const Changes = z.record(z.string(), z.object({ before: z.unknown(), after: z.unknown() }));
export type Changes = z.infer<typeof Changes>;

/** The fields that differ, of those that are known of both. */
export function changesOf<State extends object>(before: Partial<State>, after: State): Changes {
  const names = (Object.keys(after) as (keyof State & string)[]).filter(name => name in before);
  const changed = names.filter(name => !isDeepStrictEqual(before[name], after[name]));
  return Object.fromEntries(changed.map(name => [name, { before: before[name], after: after[name] }]));
}
