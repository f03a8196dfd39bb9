import type { Knex } from 'knex';

export interface ErasureRow {
  id: number;
  organization_id: number | null;
  user_id: number;
  requested_at: Date;
  services: string[];
  /** When each service confirmed it, ISO 8601. */
  confirmed: Record<string, string>;
  finished_at: Date | null;
}

const COLUMNS = ['id', 'organization_id', 'user_id', 'requested_at', 'services', 'confirmed', 'finished_at'];

/** Needs a transaction across organizations where it is the account that is erased. */
export async function insertErasure(
  db: Knex.Transaction,
  erasure: Pick<ErasureRow, 'organization_id' | 'user_id' | 'services'> & { receipt_hash: string },
): Promise<ErasureRow> {
  const [row] = await db('user_erasures').insert(erasure).returning(COLUMNS);
  return row;
}

/** Needs a transaction across organizations: the receipt alone says whose it is. */
export async function erasureByReceipt(
  db: Knex.Transaction,
  receiptHash: string,
): Promise<ErasureRow | undefined> {
  return await db('user_erasures').where({ receipt_hash: receiptHash }).first(COLUMNS);
}

/**
 * Notes that a service has confirmed an erasure; what it said first holds.
 *
 * @returns the erasure, where this was the last one that was missing
 */
export async function confirm(
  db: Knex.Transaction,
  id: number,
  service: string,
  at: string,
): Promise<ErasureRow | undefined> {
  const { rows } = await db.raw(
    `update user_erasures set confirmed = said.all_confirmed,
       finished_at = case when services <@ array(select jsonb_object_keys(said.all_confirmed)) then now() end
     from (select id as erasure, jsonb_build_object(cast(:service as text), cast(:at as text)) || confirmed as all_confirmed
           from user_erasures where id = :id for update) said
     where id = said.erasure and finished_at is null
     returning ${COLUMNS.join(', ')}`,
    { id, service, at },
  );
  const [row] = rows as ErasureRow[];
  return row?.finished_at ? row : undefined;
}
