import { plannedByValues } from '@rivergate/endpoint';
import type { Knex } from 'knex';

/** Part of address or display name; `email` and `name` of that one alone. */
export interface MemberParts {
  search?: string | undefined;
  email?: string | undefined;
  name?: string | undefined;
}

/** A condition on the members m of a statement. */
export type MemberSearch = (matching: Knex.QueryBuilder) => void;

/** Members who are looked at to learn how many have a part: where it is more than that share, reading on finds them soon. */
const SAMPLE = 1_000;
const COMMON = SAMPLE / 25;

/** Ids that are handed from one statement to the next; of more, a page is found sooner by reading on. */
const MOST_FOUND = 10_000;

/**
 * How members who have these parts are found. PostgreSQL cannot tell what a part of a few letters will find, and is far out for
 * one of which each trigram is common; so some members are looked at. What is rare, the indexes on people find first.
 */
export async function memberSearch(
  db: Knex.Transaction,
  organizationId: number,
  { search, email, name }: MemberParts,
): Promise<MemberSearch> {
  const conditions: MemberSearch[] = [];
  for (const [where, part] of Object.entries({ search, email, name }) as [Where, string | undefined][]) {
    if (part) conditions.push(await conditionOf(db, organizationId, part, where));
  }
  return matching => {
    for (const condition of conditions) condition(matching);
  };
}

type Where = keyof MemberParts;

const SHOWN: Record<Where, string> = {
  search: '(m.shown_email like :part or lower(m.shown_name) like :part)',
  email: 'm.shown_email like :part',
  name: 'lower(m.shown_name) like :part',
};

const pattern = (part: string) => `%${part.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;

async function conditionOf(
  db: Knex.Transaction,
  organizationId: number,
  part: string,
  where: Where,
): Promise<MemberSearch> {
  const shown = { sql: SHOWN[where], bindings: { part: pattern(part) } };
  const sampled = db.raw(
    `select count(*)::int as looked_at, (count(*) filter (where ${shown.sql}))::int as having_it
     from (select shown_email, shown_name from memberships where organization_id = :organizationId
       order by joined_at, user_id limit :sample) m`,
    { ...shown.bindings, organizationId, sample: SAMPLE },
  );
  const { rows } = await plannedByValues(sampled);
  const readOn: MemberSearch = matching => void matching.whereRaw(shown.sql, shown.bindings);
  const [{ looked_at, having_it }] = rows;
  if (looked_at < SAMPLE || having_it >= COMMON) return readOn;
  const found: { user_id: number }[] = await plannedByValues(whoHave(db, organizationId, part, where));
  if (found.length > MOST_FOUND) return readOn;
  const ids = found.map(({ user_id }) => user_id);
  return matching => void matching.whereRaw('m.user_id = any(?::bigint[])', [ids]);
}

/**
 * Some of the members who have a part. Who goes by the user's own name is found by the indexes on people, and the few whom the
 * organization calls otherwise one by one.
 */
export function whoHave(
  db: Knex.Transaction,
  organizationId: number,
  part: string,
  where: Where,
): Knex.QueryBuilder {
  const lowered = part.toLowerCase();
  const text = "p.email || E'\\n' || lower(p.display_name)";
  const indexed =
    [...lowered].length < 3 ? `short_parts(${text}) collate "C" @> array[:lowered]` : `(${text}) like :part`;
  const bindings = { organizationId, lowered, part: pattern(part) };
  const of = (condition: string) =>
    db('memberships as m')
      .where('m.organization_id', organizationId)
      .whereRaw(`${condition} and ${SHOWN[where]}`, bindings)
      .select('m.user_id');
  return of(`m.display_name is null and ${indexed}`)
    .join('people as p', 'p.user_id', 'm.user_id')
    .unionAll(of('m.display_name is not null'))
    .limit(MOST_FOUND + 1);
}
