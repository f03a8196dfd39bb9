import type { Knex } from 'knex';
import { baseOf } from '../answer.ts';
import { groupsOf } from '../store/group-store.ts';
import { usersOf } from '../store/user-store.ts';
import { tokensInUse } from '../tokens/token-store.ts';
import { settingsOf } from './settings.ts';

/** How SCIM is set up in an organization, and what it has come to. */
export async function configurationOf(db: Knex, organizationId: number, publicUrl: string) {
  const settings = await settingsOf(db, organizationId);
  const tokens = await tokensInUse(db, organizationId);
  const written = usersOf(db, organizationId).whereNotNull('u.written_at');
  const users = await written.count({ n: '*' }).first();
  const groups = await groupsOf(db, organizationId).count({ n: '*' }).first();
  const { enabled, attribute_mapping, default_role_id, group_mappings, last_sync_at } = settings;
  return {
    enabled,
    base_url: baseOf(publicUrl),
    attribute_mapping,
    default_role_id,
    group_mappings,
    brake: {
      percent: settings.brake_percent,
      stopped_at: settings.stopped_at,
      released_until: settings.released_until,
    },
    tokens: tokens.map(({ id, created_at, expires_at, last_used_at, networks }) => ({
      id,
      created_at,
      expires_at,
      last_used_at,
      allowed_networks: networks,
    })),
    last_sync_at,
    users: Number(users.n),
    groups: Number(groups.n),
  };
}
