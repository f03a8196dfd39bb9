import { createHash } from 'node:crypto';
import type { Knex } from 'knex';
import { z } from 'zod';
import type { ResourceType } from '../protocol/attribute.ts';
import { InvalidCount, InvalidCursor, InvalidFilter, InvalidValue } from '../protocol/errors.ts';
import { parseFilter, resourceScope } from '../protocol/filter.ts';
import { findPath } from '../protocol/path.ts';
import type { Expressions } from './expressions.ts';
import { conditionOf, sortExpression } from './filter-sql.ts';

export const MOST_RESULTS = 100;

/** What chooses resources, in a query (RFC 7644, section 3.4.2) or in the body of a `.search` (section 3.4.3). */
export const Choice = {
  filter: z.string().max(10_000).optional(),
  sortBy: z.string().max(500).optional(),
  sortOrder: z.string().max(20).optional(),
  startIndex: z.int().optional(),
  count: z.int().optional(),
  cursor: z
    .string()
    .max(10_000)
    .optional()
    .meta({ description: 'Pages by cursor (RFC 9865); empty: the first' }),
};

export const Shown = {
  attributes: z.string().max(10_000).optional().meta({ description: 'Names, with commas between them' }),
  excludedAttributes: z
    .string()
    .max(10_000)
    .optional()
    .meta({ description: 'Names, with commas between them' }),
};

export type Chosen = { [Name in keyof typeof Choice]?: z.output<(typeof Choice)[Name]> };

export interface Listed<Row> {
  rows: Row[];
  total: number;
  startIndex: number | undefined;
  nextCursor: string | undefined;
}

interface Table {
  type: ResourceType;
  expressions: Expressions;
  /** The address of SCIM at this platform. */
  base: string;
}

/** Where the page before ended: what its last resource is sorted by, and its id. */
interface Place {
  missing: boolean;
  key: string;
  id: number;
}

/**
 * A page of the rows of a query, all of it done by the database.
 *
 * @param rows those that there are, without columns, order and bounds
 * @param columns of a row
 * @throws InvalidFilter, InvalidValue, InvalidCursor, InvalidCount
 */
export async function listed<Row extends object>(
  rows: Knex.QueryBuilder,
  columns: readonly (string | Knex.Raw)[],
  { type, expressions, base }: Table,
  chosen: Chosen,
): Promise<Listed<Row>> {
  const { id } = expressions;
  const count = Math.min(MOST_RESULTS, Math.max(0, chosen.count ?? MOST_RESULTS));
  const descending = isDescending(chosen.sortOrder);
  const found = rows.clone();
  if (chosen.filter) {
    const { sql, values } = conditionOf(parseFilter(chosen.filter, resourceScope(type)), expressions, base);
    found.whereRaw(sql, values);
  }
  const sort = chosen.sortBy ? sortOf(type, chosen.sortBy, expressions, base) : undefined;
  const byCursor = chosen.cursor !== undefined;
  if (byCursor && chosen.startIndex !== undefined)
    throw InvalidValue('Pages are numbered, or go by cursor: not both');
  if (byCursor && count === 0) throw InvalidCount('A page by cursor has at least one resource');
  const query = fingerprint(type, chosen);
  const place = chosen.cursor ? placeIn(chosen.cursor, query) : undefined;
  const startIndex = Math.max(1, chosen.startIndex ?? 1);

  const page = found.clone().select(columns as string[]);
  const order = descending ? 'desc' : 'asc';
  if (sort) {
    page.select(
      knexRaw(
        page,
        `(${sort.sql}) is null as sort_missing, coalesce(${sort.sql}, '') as sort_key`,
        sort.values,
      ),
    );
    page.orderByRaw(
      `(${sort.sql}) is null ${order}, coalesce(${sort.sql}, '') collate "C" ${order}, ${id} ${order}`,
      sort.values,
    );
  } else page.orderBy(id, order);
  if (place) {
    const comes = descending ? '<' : '>';
    const values = { ...sort?.values, missing: place.missing, key: place.key, id: place.id };
    page.whereRaw(
      sort
        ? `((${sort.sql}) is null, coalesce(${sort.sql}, '') collate "C", ${id}) ${comes} (cast(:missing as boolean), cast(:key as text), cast(:id as bigint))`
        : `${id} ${comes} :id`,
      values,
    );
  } else if (!byCursor) page.offset(startIndex - 1);

  // One more than asked for tells whether there is a next page.
  const taken: (Row & Sorted & { list_id: number })[] =
    count === 0 ? [] : await page.select({ list_id: id }).limit(count + 1);
  const shown = taken.slice(0, count);
  const isWhole = count > 0 && startIndex === 1 && !place && taken.length <= count;
  const total = isWhole ? shown.length : Number((await found.clone().count({ n: '*' }).first()).n);
  const last = shown.at(-1);
  return {
    rows: shown,
    total,
    startIndex: byCursor ? undefined : startIndex,
    nextCursor: byCursor && last && taken.length > count ? cursorAfter(last, query) : undefined,
  };
}

type Sorted = { sort_missing?: boolean; sort_key?: string };

const knexRaw = (query: Knex.QueryBuilder, sql: string, values: Record<string, string | boolean>): Knex.Raw =>
  (query as unknown as { client: Knex.Client }).client.raw(sql, values);

function isDescending(sortOrder: string | undefined): boolean {
  const order = sortOrder?.toLowerCase() ?? 'ascending';
  if (order !== 'ascending' && order !== 'descending')
    throw InvalidValue('sortOrder is ascending or descending');
  return order === 'descending';
}

function sortOf(type: ResourceType, sortBy: string, expressions: Expressions, base: string) {
  const path = findPath(type, sortBy);
  if (!path) throw InvalidValue(`There is no attribute ${sortBy.slice(0, 200)} to sort by`);
  try {
    return sortExpression(path, expressions, base);
  } catch (cause) {
    throw cause instanceof Error && 'code' in cause && cause.code === InvalidFilter.code
      ? InvalidValue(cause.message)
      : cause;
  }
}

/** What a cursor is of: the next page of another query would be none. */
function fingerprint(type: ResourceType, { filter, sortBy, sortOrder }: Chosen): string {
  const query = JSON.stringify([type.name, filter ?? '', sortBy ?? '', sortOrder ?? '']);
  return createHash('sha256').update(query).digest('base64url').slice(0, 16);
}

function cursorAfter(row: Sorted & { list_id: number }, query: string): string {
  const place = [query, row.list_id, row.sort_missing ?? false, row.sort_key ?? ''];
  return Buffer.from(JSON.stringify(place)).toString('base64url');
}

/** What a cursor leads to is bound by the rights of who sends it, as any page is. @throws InvalidCursor */
function placeIn(cursor: string, query: string): Place {
  const place = z
    .tuple([z.literal(query), z.int().min(1), z.boolean(), z.string().max(5_000)])
    .safeParse(jsonIn(cursor));
  if (!place.success) throw InvalidCursor();
  const [, id, missing, key] = place.data;
  return { id, missing, key };
}

function jsonIn(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return undefined;
  }
}
