import { isDeepStrictEqual } from 'node:util';
import { LEAST_RETENTION_DAYS } from '@rivergate/audit-chain';
import { Domain, Id, Timestamp } from '@rivergate/endpoint';
import type { Changes } from '@rivergate/events';
import { z } from 'zod';
import { ListedNetwork, NetworkList } from './network.ts';

/** Of a service that has no endpoints yet. */
const WAITING = 'Kept, and told to its service by events; that has nothing yet to switch off';

/** Capabilities that an organization may switch off for all of its workspaces. */
const FEATURES = {
  data_sources: WAITING,
  query_federation: WAITING,
  storage: WAITING,
  staging: WAITING,
  prompt_studio: WAITING,
  model_registry: WAITING,
  personal_access_tokens: 'Personal access tokens may act in the organization, and be made for it',
  oauth_applications: 'OAuth applications may be made in the organization, and their tokens act in it',
} as const;

/** A requirement that holds some day in the far future is none. */
function isWithinAYear(timestamp: string): boolean {
  return Date.parse(timestamp) < Date.now() + 366 * 86_400_000;
}

/** Every setting with its bounds. Settings tighten what the platform demands; none can loosen it. */
const FIELDS = {
  password_policy: {
    min_length: z.int().min(8).max(128).meta({ description: 'Characters a password must have' }),
    require_special_character: z.boolean(),
  },
  mfa: {
    required: z.boolean(),
    grace_days: z.int().min(0).max(90).meta({ description: 'Days until a new requirement holds' }),
    deadline: z
      .union([
        Timestamp.refine(isWithinAYear, {
          error: 'must lie within a year from now',
          params: { code: 'too_big' },
        }),
        z.null(),
      ])
      .meta({ description: 'From when it holds; set from grace_days when left out' }),
  },
  sessions: {
    lifetime_minutes: z.int().min(15).max(1440).meta({ description: 'Minutes until a session ends' }),
    remembered_lifetime_days: z.int().min(1).max(30).meta({ description: 'Days, with remember_me' }),
  },
  tokens: {
    access_token_minutes: z.int().min(5).max(60).meta({ description: 'Minutes, of sessions' }),
    refresh_token_days: z.int().min(1).max(30),
    access_token_expire_minutes: z.int().min(60).max(525_600).meta({
      description: 'Minutes that tokens live which act in this organization only, those of earlier too',
    }),
    organization_tokens_allowed: z.boolean().meta({
      description: 'Personal access tokens that act in this organization only may be made and used',
    }),
    personal_tokens_allowed: z.boolean().meta({
      description:
        'Personal access tokens of members that act in all of their organizations act in this one too',
    }),
    personal_token_max_days: z.union([z.int().min(1).max(365), z.null()]).meta({
      description:
        'Days after which such a token acts here no more, from when it was made; null: its own time',
    }),
  },
  network: {
    ip_allow_list: z.array(ListedNetwork).meta({
      description:
        'The only networks from which members and clients reach the organization, by whatever session or token; none: all',
    }),
  },
  devices: {
    trust_days: z.int().min(0).max(30).meta({ description: 'Days a device stays trusted; 0 forbids it' }),
  },
  sso: {
    required: z.boolean().meta({ description: 'Members sign in through the identity provider only' }),
  },
  oauth: {
    open_registration: z.boolean().meta({
      description: 'Members may use OAuth clients that registered themselves, as MCP clients do',
    }),
  },
  invitations: {
    expiry_days: z.int().min(1).max(30).meta({ description: 'Days until an invitation lapses' }),
  },
  audit: {
    retention_days: z
      .union([z.int().min(LEAST_RETENTION_DAYS).max(3_650), z.null()])
      .meta({ description: 'Days for which entries of the audit log are kept; null: without end' }),
  },
  members: {
    allowed_email_domains: z.array(z.string()).meta({
      description:
        'The only domains of which addresses become members, to the letter and without their subdomains; none: all',
      examples: [['acme.com']],
    }),
  },
  domains: {
    join: z.enum(['off', 'request', 'automatic']).meta({
      description: 'What people with an address of a verified domain can do: nothing, ask to join, or join',
    }),
    join_role_id: z
      .union([Id, z.null()])
      .meta({ description: 'Given to who joins so, never an administrative one; null: Viewer' }),
  },
  workspaces: {
    allow_public_access: z.boolean().meta({
      description:
        'Every member sees and enters a workspace that says nothing else. What the default role may do there, they may once ' +
        'services keep data in workspaces',
    }),
    default_role_id: z
      .union([Id, z.null()])
      .meta({ description: 'Given to members added to a workspace without a role; null: Viewer' }),
  },
  features: Object.fromEntries(
    Object.entries(FEATURES).map(([feature, description]) => [feature, z.boolean().meta({ description })]),
  ) as Record<keyof typeof FEATURES, z.ZodBoolean>,
};

export const Settings = z
  .object({
    password_policy: z.object(FIELDS.password_policy),
    mfa: z.object(FIELDS.mfa),
    sessions: z.object(FIELDS.sessions),
    tokens: z.object(FIELDS.tokens),
    network: z.object(FIELDS.network),
    devices: z.object(FIELDS.devices),
    sso: z.object(FIELDS.sso),
    oauth: z.object(FIELDS.oauth),
    invitations: z.object(FIELDS.invitations),
    audit: z.object(FIELDS.audit),
    members: z.object(FIELDS.members),
    domains: z.object(FIELDS.domains),
    workspaces: z.object(FIELDS.workspaces),
    features: z.object(FIELDS.features),
  })
  .meta({ id: 'OrganizationSettings' });
export type Settings = z.output<typeof Settings>;

/** As given: normalised, each once. */
const AllowedDomains = z
  .array(Domain)
  .max(100)
  .transform(domains => [...new Set(domains)])
  .meta(FIELDS.members.allowed_email_domains.meta() ?? {});

const AllowList = NetworkList.meta(FIELDS.network.ip_allow_list.meta() ?? {});

/** What a change may name: any setting of any group. Settings left out keep their value. */
export const SettingsChange = z
  .strictObject({
    password_policy: z.strictObject(FIELDS.password_policy).partial().optional(),
    mfa: z.strictObject(FIELDS.mfa).partial().optional(),
    sessions: z.strictObject(FIELDS.sessions).partial().optional(),
    tokens: z.strictObject(FIELDS.tokens).partial().optional(),
    network: z.strictObject({ ip_allow_list: AllowList }).partial().optional(),
    devices: z.strictObject(FIELDS.devices).partial().optional(),
    sso: z.strictObject(FIELDS.sso).partial().optional(),
    oauth: z.strictObject(FIELDS.oauth).partial().optional(),
    invitations: z.strictObject(FIELDS.invitations).partial().optional(),
    audit: z.strictObject(FIELDS.audit).partial().optional(),
    members: z.strictObject({ allowed_email_domains: AllowedDomains }).partial().optional(),
    domains: z.strictObject(FIELDS.domains).partial().optional(),
    workspaces: z.strictObject(FIELDS.workspaces).partial().optional(),
    features: z.strictObject(FIELDS.features).partial().optional(),
  })
  .meta({ id: 'OrganizationSettingsChange', examples: [{ invitations: { expiry_days: 3 } }] });
export type SettingsChange = z.output<typeof SettingsChange>;

export const DEFAULT_SETTINGS: Settings = {
  password_policy: { min_length: 8, require_special_character: false },
  mfa: { required: false, grace_days: 7, deadline: null },
  sessions: { lifetime_minutes: 1440, remembered_lifetime_days: 30 },
  tokens: {
    access_token_minutes: 60,
    refresh_token_days: 30,
    access_token_expire_minutes: 129_600,
    organization_tokens_allowed: true,
    personal_tokens_allowed: true,
    personal_token_max_days: null,
  },
  network: { ip_allow_list: [] },
  devices: { trust_days: 30 },
  sso: { required: false },
  oauth: { open_registration: false },
  invitations: { expiry_days: 7 },
  audit: { retention_days: null },
  members: { allowed_email_domains: [] },
  domains: { join: 'off', join_role_id: null },
  workspaces: { allow_public_access: false, default_role_id: null },
  features: Object.fromEntries(Object.keys(FEATURES).map(feature => [feature, true])) as Settings['features'],
};

/** Later values win, field by field. */
function overlay(...layers: SettingsChange[]): SettingsChange {
  const result: Record<string, object> = {};
  for (const layer of layers)
    for (const [group, fields] of Object.entries(layer)) result[group] = { ...result[group], ...fields };
  return result;
}

/** What holds in an organization that has set only this. */
export function effectiveSettings(stored: SettingsChange): Settings {
  return overlay(DEFAULT_SETTINGS, stored) as Settings;
}

/**
 * What is stored after a change. A requirement of MFA that is new and names no deadline gets one by its days of grace,
 * so that switching it on locks nobody out at once.
 */
export function changeSettings(stored: SettingsChange, change: SettingsChange, now: Date): SettingsChange {
  const before = effectiveSettings(stored);
  const after = effectiveSettings(overlay(stored, change));
  const result = overlay(stored, change);
  if (after.mfa.required && !before.mfa.required && change.mfa?.deadline === undefined) {
    const deadline = new Date(now.getTime() + after.mfa.grace_days * 86_400_000);
    result.mfa = { ...result.mfa, deadline: deadline.toISOString() };
  }
  if (!after.mfa.required && result.mfa) result.mfa = { ...result.mfa, deadline: null };
  return result;
}

/** Names of the settings that differ, such as `mfa.required`. */
export function changedSettings(before: Settings, after: Settings): string[] {
  return Object.entries(after).flatMap(([group, fields]) =>
    Object.entries(fields)
      .filter(([field, value]) => !isDeepStrictEqual(before[group as keyof Settings][field as never], value))
      .map(([field]) => `${group}.${field}`),
  );
}

/** The same with their values before and after, by name. */
export function settingsChanges(before: Settings, after: Settings, names: readonly string[]): Changes {
  const ofSetting = (settings: Settings, name: string) => {
    const [group, field] = name.split('.') as [keyof Settings, never];
    return settings[group][field];
  };
  return Object.fromEntries(
    names.map(name => [name, { before: ofSetting(before, name), after: ofSetting(after, name) }]),
  );
}
