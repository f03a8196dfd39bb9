import { z } from 'zod';
import { Id } from './schema.ts';

/**
 * What DELETE answers unless a recorded contract or an RFC says otherwise: `{workspace: {id}}`.
 *
 * @example const removed = deletion('workspace'); // answer: removed.answer … return removed.of(id);
 */
export function deletion<const Kind extends string>(kind: Kind) {
  const Deleted = z.object({ id: Id });
  return {
    answer: z.object({ [kind]: Deleted } as { [Key in Kind]: typeof Deleted }),
    of: (id: number) => ({ [kind]: { id } }) as { [Key in Kind]: { id: number } },
  };
}
