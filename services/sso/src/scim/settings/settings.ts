import { Id, Timestamp } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { ScimOff } from '../errors.ts';
import { findPath } from '../protocol/path.ts';
import { UserType } from '../protocol/schemas.ts';

const AttributeName = z
  .string()
  .max(200)
  .refine(text => {
    const path = findPath(UserType, text);
    return path !== undefined && (path.sub ?? path.attribute).type === 'string' && text !== 'password';
  }, 'must be an attribute of users that holds text, as userName or emails.value')
  .meta({ examples: ['userName'] });

/** From which attribute comes what an account has. */
export const AttributeMapping = z
  .strictObject({ email: AttributeName, display_name: AttributeName })
  .meta({ examples: [{ email: 'userName', display_name: 'displayName' }] });

/** Which role members of a group have. */
export const GroupMapping = z.strictObject({
  group: z
    .string()
    .trim()
    .min(1)
    .max(255)
    .meta({ description: 'Its name; case is ignored', examples: ['Analysts'] }),
  role_id: Id,
  workspace_id: Id.nullable().default(null).meta({ description: 'Null: everywhere in the organization' }),
});

export interface Settings {
  organization_id: number;
  enabled: boolean;
  attribute_mapping: z.output<typeof AttributeMapping>;
  default_role_id: number | null;
  group_mappings: z.output<typeof GroupMapping>[];
  brake_percent: number | null;
  stopped_at: Date | null;
  released_until: Date | null;
  last_sync_at: Date | null;
}

export const USUAL_MAPPING = { email: 'userName', display_name: 'displayName' };
/** Members, in percent, that a client may deprovision within an hour where the organization says nothing else. */
export const USUAL_BRAKE = 20;

/** Those of an organization; of one that has set nothing, those that hold then. */
export async function settingsOf(db: Knex, organizationId: number): Promise<Settings> {
  const row = await db('scim_settings').where({ organization_id: organizationId }).first();
  return (
    row ?? {
      organization_id: organizationId,
      enabled: false,
      attribute_mapping: USUAL_MAPPING,
      default_role_id: null,
      group_mappings: [],
      brake_percent: USUAL_BRAKE,
      stopped_at: null,
      released_until: null,
      last_sync_at: null,
    }
  );
}

/** @throws ScimOff */
export async function enabledSettings(db: Knex, organizationId: number): Promise<Settings> {
  const settings = await settingsOf(db, organizationId);
  if (!settings.enabled) throw ScimOff();
  return settings;
}

/** How SCIM is set up, as administrators see it. */
export const Configuration = z
  .object({
    enabled: z.boolean(),
    base_url: z.string().meta({ examples: ['https://api.example.com/scim/v2'] }),
    attribute_mapping: z.object(AttributeMapping.shape),
    default_role_id: Id.nullable().meta({ description: 'Of new members; null: Viewer' }),
    group_mappings: z.array(z.object(GroupMapping.shape)),
    brake: z.object({
      percent: z
        .int()
        .nullable()
        .meta({ description: 'Members that may be deprovisioned in an hour; null: all' }),
      stopped_at: Timestamp.nullable().meta({ description: 'Since when deprovisioning is stopped' }),
      released_until: Timestamp.nullable(),
    }),
    tokens: z.array(
      z.object({
        id: Id,
        created_at: Timestamp,
        expires_at: Timestamp.nullable(),
        last_used_at: Timestamp.nullable(),
        allowed_networks: z.array(z.string()).meta({ examples: [['192.0.2.0/24']] }),
      }),
    ),
    last_sync_at: Timestamp.nullable().meta({ description: 'When a client last changed something' }),
    users: z.int().meta({ description: 'Members that a client has written' }),
    groups: z.int(),
  })
  .meta({ id: 'ScimConfiguration' });
