import type { Knex } from 'knex';
import { z } from 'zod';
import { ValidationFailed } from './failure.ts';

/** In which order rows come: by a column, and among equals by an id that no two of them share. */
export interface SortedBy {
  /** As the caller names it. */
  by: string;
  order: 'asc' | 'desc';
  column: string;
  type: keyof typeof VALUES;
  id: string;
  /** Rows without a value come last, in either order. */
  nullable?: boolean;
}

/** How a value is put into a cursor and taken from it; of a time, microseconds since 1970, which JavaScript's have not. */
const VALUES = {
  text: { from: '??', to: ':value::text', form: /^[^\0]*$/ },
  time: {
    from: '(extract(epoch from ??) * 1000000)::bigint::text',
    to: "(timestamptz 'epoch' + :value::bigint * interval '1 microsecond')",
    form: /^-?\d{1,17}$/,
  },
};

/** After which row a page begins: the order that it was asked in, the value, and the id. */
const Place = z.tuple([z.string(), z.enum(['asc', 'desc']), z.string().nullable(), z.int().positive()]);

/**
 * Paging by cursor in an order that the caller chooses: a page begins where the one before ended, however many rows are before
 * it. Who moves in that order meanwhile may be missed or come twice, as by `skip`. As `newestFirst`, for what does not only grow.
 *
 * @param list name of the list; the cursors of one list are none of another
 */
export function sortedPages(list: string) {
  const examples = [cursorOf(list, ['joined_at', 'asc', '1769850000000000', 1041])];
  return {
    /** For the query of the endpoint, beside the way of paging that it has. */
    query: {
      cursor: z
        .string()
        .max(2_000)
        .transform((text, context) => {
          const place = placeIn(list, text);
          if (place) return place;
          const message = 'must be the next_cursor of a page of this list';
          context.addIssue({ code: 'custom', message, params: { code: 'invalid_format' } });
          return z.NEVER;
        })
        .optional()
        .meta({
          description: 'The next_cursor of the page before, in the same order; the first page takes none',
          examples,
        }),
    },
    /** For the answer. */
    answer: {
      next_cursor: z
        .string()
        .nullable()
        .meta({ description: 'Cursor of the next page; null on the last one', examples }),
    },
    /**
     * @param rows with their columns and conditions, without order and bounds
     * @param from how many to pass over where there is no cursor
     * @throws ValidationFailed where both are given, and for a cursor of another order
     */
    async page<Row>(
      rows: Knex.QueryBuilder,
      sorted: SortedBy,
      { cursor, from, limit }: { cursor: z.output<typeof Place> | undefined; from: number; limit: number },
    ): Promise<{ rows: Row[]; next_cursor: string | null }> {
      if (cursor !== undefined && from > 0)
        throw refused('says where to begin: do not pass over entries as well');
      if (cursor !== undefined) {
        const [by, order, value, id] = cursor;
        if (by !== sorted.by || order !== sorted.order) throw refused('is of a page in another order');
        if (value === null ? !sorted.nullable : !VALUES[sorted.type].form.test(value))
          throw refused('is no place in this order');
        after(rows, sorted, value, id);
      }
      const { column, type, order, id, nullable } = sorted;
      // One more than asked for tells whether there is a next page.
      const found = await rows
        .select({ cursor_id: id })
        .select(rows.client.raw(`${VALUES[type].from} as cursor_value`, [column]))
        .orderBy([nullable ? { column, order, nulls: 'last' } : { column, order }, { column: id, order }])
        .offset(from)
        .limit(limit + 1);
      const next = found.length > limit ? found[limit - 1] : undefined;
      const shown = found.slice(0, limit).map(withoutPlace);
      const place = next && cursorOf(list, [sorted.by, order, next.cursor_value, next.cursor_id]);
      return { rows: shown as Row[], next_cursor: place ?? null };
    },
  };
}

/** A comparison of rows where that is possible: an index leads to its beginning. */
function after(rows: Knex.QueryBuilder, sorted: SortedBy, value: string | null, lastId: number): void {
  const { column, type, id, order, nullable } = sorted;
  const names = { column, id, value, lastId };
  const beyond = order === 'asc' ? '>' : '<';
  if (value === null) rows.whereRaw(`:column: is null and :id: ${beyond} :lastId`, names);
  else if (nullable)
    rows.whereRaw(`((:column:, :id:) ${beyond} (${VALUES[type].to}, :lastId) or :column: is null)`, names);
  else rows.whereRaw(`(:column:, :id:) ${beyond} (${VALUES[type].to}, :lastId)`, names);
}

function withoutPlace({ cursor_id: _, cursor_value: __, ...row }: Record<string, unknown>): object {
  return row;
}

const refused = (reason: string) =>
  ValidationFailed(undefined, [{ field: 'query.cursor', code: 'not_allowed', reason }]);

function cursorOf(list: string, place: z.input<typeof Place>): string {
  return Buffer.from(JSON.stringify([list, ...place])).toString('base64url');
}

/** Only what `cursorOf` has written. */
function placeIn(list: string, cursor: string): z.output<typeof Place> | undefined {
  try {
    const [name, ...place] = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    const { data } = Place.safeParse(place);
    return name === list && data && cursorOf(list, data) === cursor ? data : undefined;
  } catch {
    return undefined;
  }
}
