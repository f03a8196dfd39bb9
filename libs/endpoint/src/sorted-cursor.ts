import type { Knex } from 'knex';
import { z } from 'zod';
import { ValidationFailed } from './failure.ts';
import { plannedByValues } from './list.ts';

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
     * @param rows with their conditions, without columns, order and bounds
     * @param columns what is read of the rows of the page, and of no other, however many are passed over
     * @param from how many to pass over where there is no cursor
     * @throws ValidationFailed where both are given, and for a cursor of another order
     */
    async page<Row>(
      rows: Knex.QueryBuilder,
      columns: (string | Knex.Raw)[],
      sorted: SortedBy,
      { cursor, from, limit }: { cursor: z.output<typeof Place> | undefined; from: number; limit: number },
    ): Promise<{ rows: Row[]; next_cursor: string | null }> {
      if (cursor !== undefined && from > 0)
        throw refused('says where to begin: do not pass over entries as well');
      const { column, type, order, id, nullable } = sorted;
      const inOrder = [
        nullable ? { column, order, nulls: 'last' as const } : { column, order },
        { column: id, order },
      ];
      const places = rows
        .clone()
        .select({ id }, rows.client.raw(`${VALUES[type].from} as value`, [column]))
        .orderBy(inOrder);
      if (cursor !== undefined) beginAfter(places, sorted, cursor);
      // One more than asked for tells whether there is a next page.
      const found: { id: number; value: string | null }[] = await plannedByValues(
        places.offset(from).limit(limit + 1),
      );
      const ids = found.slice(0, limit).map(place => place.id);
      const shown: Row[] = await plannedByValues(
        rows.clone().select(columns).whereRaw('?? = any(?::bigint[])', [id, ids]).orderBy(inOrder),
      );
      const last = found.length > limit ? found[limit - 1] : undefined;
      const place = last && cursorOf(list, [sorted.by, order, last.value, last.id]);
      return { rows: shown, next_cursor: place ?? null };
    },
  };
}

/** By a comparison of rows where that is possible: an index leads to its beginning. */
function beginAfter(rows: Knex.QueryBuilder, sorted: SortedBy, place: z.output<typeof Place>): void {
  const [by, asked, value, lastId] = place;
  const { column, type, id, order, nullable } = sorted;
  if (by !== sorted.by || asked !== order) throw refused('is of a page in another order');
  const { to, form } = VALUES[type];
  if (value === null ? !nullable : !form.test(value)) throw refused('is no place in this order');
  const names = { column, id, value, lastId };
  const beyond = order === 'asc' ? '>' : '<';
  if (value === null) rows.whereRaw(`:column: is null and :id: ${beyond} :lastId`, names);
  else if (nullable)
    rows.whereRaw(`((:column:, :id:) ${beyond} (${to}, :lastId) or :column: is null)`, names);
  else rows.whereRaw(`(:column:, :id:) ${beyond} (${to}, :lastId)`, names);
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
