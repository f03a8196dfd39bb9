import type { Knex } from 'knex';
import { z } from 'zod';
import type { Returned } from './spec.ts';

/** What a list takes beside its paging: filters and sorting. */
type Filters = z.ZodRawShape;

/** How the rows of a page are read: with which columns, in which order, and what is shown of each. */
interface Reading<Item> {
  /** The columns, and an order that leaves no two rows equal. */
  read(found: Knex.QueryBuilder): Knex.QueryBuilder;
  /** Default: the row as it is. */
  show?(row: never): Returned<Item>;
}

type Rows<Name extends string, Item extends z.ZodType> = { [Key in Name]: Returned<z.output<Item>>[] };

/**
 * A list of the organization family (docs/api-conventions.md, "Lists"): `skip` and `limit` in the query, `total_count`
 * beside the array.
 *
 * @param name of the array in the answer
 */
export function organizationList<
  const Name extends string,
  Item extends z.ZodType,
  const More extends Filters = Record<never, never>,
>(name: Name, item: Item, more: More = {} as More) {
  return {
    query: z.object({
      skip: z.int().min(0).max(1_000_000_000).default(0).meta({ description: 'How many to pass over' }),
      limit: z.int().min(1).max(100).default(100).meta({ description: 'How many to answer at most' }),
      ...more,
    }),
    answer: z.object({
      ...arrayOf(name, item),
      total_count: z.int().meta({ description: `Of more than ${MOST_COUNTED} found, ${MOST_COUNTED}` }),
    }),
    /** @param found rows with their conditions, without columns, order and bounds */
    async page(
      found: Knex.QueryBuilder,
      { skip, limit }: { skip: number; limit: number },
      { read, show = row => row }: Reading<z.output<Item>>,
    ): Promise<Rows<Name, Item> & { total_count: number }> {
      const total = await countAtMost(found);
      const rows = await plannedByValues(read(found.clone()).offset(skip).limit(limit));
      return { [name]: rows.map(show), total_count: total } as never;
    },
  };
}

/**
 * A list of the platform family (docs/api-conventions.md, "Lists"): `page` and `page_size` in the query, `pagination`
 * beside the array.
 *
 * @param name of the array in the answer
 */
export function platformList<
  const Name extends string,
  Item extends z.ZodType,
  const More extends Filters = Record<never, never>,
>(name: Name, item: Item, more: More = {} as More) {
  return {
    query: z.object({
      page: z.int().min(1).max(1_000_000_000).default(1),
      page_size: z.int().min(1).max(100).default(20),
      ...more,
    }),
    answer: z.object({ ...arrayOf(name, item), pagination: Pagination }),
    /** @param found rows with their conditions, without columns, order and bounds */
    async page(
      found: Knex.QueryBuilder,
      { page, page_size }: { page: number; page_size: number },
      { read, show = row => row }: Reading<z.output<Item>>,
    ): Promise<Rows<Name, Item> & { pagination: z.output<typeof Pagination> }> {
      const total = await countOf(found);
      const rows = await read(found.clone())
        .offset((page - 1) * page_size)
        .limit(page_size);
      return { [name]: rows.map(show), pagination: pagination(page, page_size, total) } as never;
    },
  };
}

/**
 * Has PostgreSQL plan a statement with its values each time. A plan that is kept for all of them is made for an organization of
 * average size, and reads a large one as a whole.
 */
export function plannedByValues<Statement extends { options(options: object): unknown }>(
  statement: Statement,
): Statement {
  statement.options({ name: undefined });
  return statement;
}

/** `sort_by`, of which the first key is the default, and `sort_order`. */
export function sorting<const Keys extends readonly [string, ...string[]]>(keys: Keys) {
  return {
    sort_by: z.enum(keys).default(keys[0] as never),
    sort_order: z.enum(['asc', 'desc']).default('asc'),
  };
}

/**
 * How far the entries of a list are counted: whoever has found more goes on by what narrows the list, or by a cursor. To count
 * a million takes longer than to answer any page of them.
 */
const MOST_COUNTED = 10_000;

/** How many rows there are, of more than are counted that number. */
export async function countAtMost(found: Knex.QueryBuilder): Promise<number> {
  const some = found.clone().select(found.client.raw('1')).limit(MOST_COUNTED).as('found');
  const counted = await plannedByValues(found.client.queryBuilder().from(some).count({ total: '*' }).first());
  return Number(counted?.total);
}

/** How many rows there are. */
export async function countOf(found: Knex.QueryBuilder): Promise<number> {
  const counted = await found.clone().count({ total: '*' }).first();
  return Number(counted?.total);
}

function arrayOf<Name extends string, Item extends z.ZodType>(name: Name, item: Item) {
  return { [name]: z.array(item) } as { [Key in Name]: z.ZodArray<Item> };
}

/** The `pagination` member beside a platform list. */
export const Pagination = z
  .object({
    page: z.int(),
    page_size: z.int(),
    total_items: z.int(),
    total_pages: z.int(),
    has_next: z.boolean(),
    has_previous: z.boolean(),
  })
  .meta({ id: 'Pagination' });

function pagination(page: number, pageSize: number, totalItems: number): z.output<typeof Pagination> {
  const totalPages = Math.ceil(totalItems / pageSize);
  return {
    page,
    page_size: pageSize,
    total_items: totalItems,
    total_pages: totalPages,
    has_next: page < totalPages,
    has_previous: page > 1,
  };
}
