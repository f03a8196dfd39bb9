import type { Knex } from 'knex';
import { z } from 'zod';
import { ValidationFailed } from './failure.ts';
import { plannedByValues } from './list.ts';

/**
 * Paging by cursor, newest first, for what grows without end: an entry that was there when the first page was asked for
 * comes exactly once, whatever is added meanwhile. A cursor names the list and the id after which the next page begins;
 * it shows nothing that the page before did not, and what it leads to is bound by the caller's rights as any page is.
 *
 * @param list name of the list; the cursors of one list are none of another
 */
export const newestFirst = (list: string) => paging(list, 'desc');

/** As newestFirst, in the order in which the entries came. */
export const oldestFirst = (list: string) => paging(list, 'asc');

function paging(list: string, order: 'asc' | 'desc') {
  const examples = [cursorAfter(list, 1041)];
  return {
    /** For the query of the endpoint, beside the way of paging that it has. */
    query: {
      cursor: z
        .string()
        .max(100)
        .transform((text, context) => {
          const id = idIn(list, text);
          if (id !== undefined) return id;
          const message = 'must be the next_cursor of a page of this list';
          context.addIssue({ code: 'custom', message, params: { code: 'invalid_format' } });
          return z.NEVER;
        })
        .optional()
        .meta({ description: 'The next_cursor of the page before; the first page takes none', examples }),
    },
    /** For the answer. */
    answer: {
      next_cursor: z
        .string()
        .nullable()
        .meta({ description: 'Cursor of the next page; null on the last one', examples }),
    },
    /**
     * @param rows with their columns, without order and bounds; their conditions are joined by `and`
     * @param from how many to pass over where there is no cursor
     * @throws ValidationFailed where both are given
     */
    async page<Row extends { id: number }>(
      rows: Knex.QueryBuilder,
      { cursor, from, limit }: { cursor: number | undefined; from: number; limit: number },
    ): Promise<{ rows: Row[]; next_cursor: string | null }> {
      if (cursor !== undefined && from > 0) {
        const reason = 'says where to begin: do not pass over entries as well';
        throw ValidationFailed(undefined, [{ field: 'query.cursor', code: 'not_allowed', reason }]);
      }
      if (cursor !== undefined) rows.where('id', order === 'desc' ? '<' : '>', cursor);
      // One more than asked for tells whether there is a next page.
      const found: Row[] = await plannedByValues(
        rows
          .orderBy('id', order)
          .offset(from)
          .limit(limit + 1),
      );
      const shown = found.slice(0, limit);
      return { rows: shown, next_cursor: found.length > limit ? cursorAfter(list, shown.at(-1)!.id) : null };
    },
  };
}

function cursorAfter(list: string, id: number): string {
  return Buffer.from(`${list}:${id}`).toString('base64url');
}

/** Only what `cursorAfter` has written, to the letter. */
function idIn(list: string, cursor: string): number | undefined {
  const [, digits] = /:([1-9]\d{0,15})$/.exec(Buffer.from(cursor, 'base64url').toString('latin1')) ?? [];
  const id = Number(digits);
  return Number.isSafeInteger(id) && cursorAfter(list, id) === cursor ? id : undefined;
}
