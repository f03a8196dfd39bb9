import { SERVICES } from '@rivergate/service';
import pg from 'pg';
import type { AcceptanceFleet } from '../fleet.ts';
import type { Tenant } from './tenant.ts';

/** What changes by being used, or by what the platform does by itself, and tells nobody anything. */
const PASSING = [
  'last_used_at',
  'last_activity_at',
  'last_active_at',
  'last_seen_at',
  'usage_count',
  'failures',
  'last_failure_at',
  'next_try_at',
];

/** Every row of any service that belongs to the tenant or to its people, by table. */
export async function rowsOf(fleet: AcceptanceFleet, tenant: Tenant): Promise<Record<string, unknown[]>> {
  const database = new pg.Client({ connectionString: fleet.environment.databaseAdminUrl });
  await database.connect();
  try {
    const { rows: tables } = await database.query<{
      name: string;
      of_organization: boolean;
      of_user: boolean;
    }>(
      `select format('%I.%I', table_schema, table_name) as name,
         bool_or(column_name = 'organization_id') as of_organization, bool_or(column_name = 'user_id') as of_user
       from information_schema.columns where table_schema not in ('pg_catalog', 'information_schema', 'event_log')
         and table_name not in ('outbox', 'inbox', 'outgoing_mail') group by table_schema, table_name order by 1`,
    );
    const kept: Record<string, unknown[]> = {};
    for (const { name, of_organization, of_user } of tables) {
      const conditions = [
        ...(of_organization ? ['organization_id = $1'] : []),
        ...(of_user ? ['user_id = any($2)'] : []),
      ];
      if (conditions.length === 0) continue;
      const { rows } = await database.query(
        `select to_jsonb(t) - $3::text[] as row from ${name} t
         where ($1::bigint, $2::bigint[]) is not null and (${conditions.join(' or ')}) order by 1`,
        [tenant.id, [tenant.administrator.id, tenant.holder.id], PASSING],
      );
      kept[name] = rows.map(({ row }) => row);
    }
    return kept;
  } finally {
    await database.end();
  }
}

/**
 * How many of the tenant's rows the role of each service sees, by table under row-level security, while it is bound to an
 * organization, to none, or goes across all.
 */
export async function visibleRows(
  fleet: AcceptanceFleet,
  tenant: Tenant,
  binding: { organization?: number; scope?: 'platform' },
): Promise<Record<string, number>> {
  const seen: Record<string, number> = {};
  for (const { name: service } of SERVICES) {
    const database = new pg.Client({ connectionString: fleet.environment.of(service).DATABASE_URL });
    await database.connect();
    try {
      await database.query(
        "select set_config('rivergate.organization_id', $1, false), set_config('rivergate.scope', $2, false)",
        [String(binding.organization ?? ''), binding.scope ?? ''],
      );
      const { rows: tables } = await database.query<{ name: string; tenant: string }>(
        `select c.oid::regclass::text as name, a.attname as tenant
         from pg_class c join pg_attribute a on a.attrelid = c.oid
           and a.attname = case when c.relname = 'organizations' then 'id' else 'organization_id' end
         where c.relkind in ('r', 'p') and c.relforcerowsecurity and has_table_privilege(c.oid, 'select')
           and not c.relispartition`,
      );
      for (const { name, tenant: column } of tables) {
        const { rows } = await database.query<{ count: number }>(
          `select count(*)::int as count from ${name} where ${column} = any($1)`,
          [[tenant.id, tenant.objects['organizations/restored']]],
        );
        seen[`${service}.${name}`] = rows[0]!.count;
      }
    } finally {
      await database.end();
    }
  }
  return seen;
}
