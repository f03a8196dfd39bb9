import type { AttributePolicy, Condition } from '@rivergate/caller';
import { acrossOrganizations } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { AbacPolicyNotFound } from './policy.ts';

export interface PolicyRow extends Omit<AttributePolicy, 'condition'> {
  priority: number;
  condition: Record<string, unknown>;
  created_at: Date;
  updated_at: Date;
}

export type PolicyChange = Pick<PolicyRow, 'name' | 'priority' | 'effect' | 'mode'> & {
  condition: Condition;
};

const COLUMNS = [
  'id',
  'name',
  'priority',
  'effect',
  'mode',
  'condition',
  'revision',
  'created_at',
  'updated_at',
];

const policiesOf = (db: Knex.Transaction, organizationId: number) =>
  db('abac_policies').where({ organization_id: organizationId });

/** In the order in which they are asked. */
export async function policiesInOrder(db: Knex.Transaction, organizationId: number): Promise<PolicyRow[]> {
  return await policiesOf(db, organizationId).orderBy(['priority', 'id']).select(COLUMNS);
}

/** As who decides about requests sees them. */
export const decidingPolicies = (
  rows: readonly Pick<PolicyRow, 'id' | 'revision' | 'name' | 'effect' | 'mode' | 'condition'>[],
): AttributePolicy[] =>
  rows.map(({ id, revision, name, effect, mode, condition }) => ({
    id,
    revision,
    name,
    effect,
    mode,
    condition: condition as Condition,
  }));

/** Changes of an organization's policies wait for each other: what one would come to depends on all of them. */
export async function lockPolicies(db: Knex.Transaction, organizationId: number): Promise<void> {
  await db.raw("select pg_advisory_xact_lock(hashtextextended('abac policies ' || ?, 0))", [organizationId]);
}

/** @throws AbacPolicyNotFound also for one of another organization */
export async function policyOf(db: Knex.Transaction, organizationId: number, id: number): Promise<PolicyRow> {
  const row = await policiesOf(db, organizationId).where({ id }).first(COLUMNS);
  if (!row) throw AbacPolicyNotFound();
  return row;
}

/** Where the policy lies; undefined where there is none. For who acts there though another organization is the active one. */
export async function organizationOf(db: Knex.Transaction, id: number): Promise<number | undefined> {
  await acrossOrganizations(db);
  return (await db('abac_policies').where({ id }).first('organization_id'))?.organization_id;
}

export async function insertPolicy(
  db: Knex.Transaction,
  organizationId: number,
  { condition, ...policy }: PolicyChange,
): Promise<PolicyRow> {
  const [row] = await db('abac_policies')
    .insert({ ...policy, organization_id: organizationId, condition: JSON.stringify(condition) })
    .returning(COLUMNS);
  return row;
}

export async function changePolicy(
  db: Knex.Transaction,
  organizationId: number,
  id: number,
  { condition, ...policy }: PolicyChange,
): Promise<PolicyRow> {
  const [row] = await policiesOf(db, organizationId)
    .where({ id })
    .update({
      ...policy,
      condition: JSON.stringify(condition),
      revision: db.raw('revision + 1'),
      updated_at: db.fn.now(),
    })
    .returning(COLUMNS);
  return row;
}

export async function deletePolicy(db: Knex.Transaction, organizationId: number, id: number): Promise<void> {
  await policiesOf(db, organizationId).where({ id }).delete();
}
