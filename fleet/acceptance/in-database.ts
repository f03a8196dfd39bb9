import pg from 'pg';
import type { AcceptanceFleet } from './fleet.ts';

/** Changes one row behind the fleet's back: what else would take days, such as a link that expires. */
export async function inDatabase(fleet: AcceptanceFleet, statement: string, id: number): Promise<void> {
  const client = new pg.Client({ connectionString: fleet.environment.databaseAdminUrl });
  await client.connect();
  const { rowCount } = await client.query(statement, [id]).finally(() => client.end());
  if (rowCount !== 1) throw new Error(`Changed ${rowCount} rows: ${statement}`);
}
