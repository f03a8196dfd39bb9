import { isDeepStrictEqual } from 'node:util';
import { Id } from '@rivergate/endpoint';
import { z } from 'zod';

/** Keys, options and integrations that one object may hold. */
const MOST_ENTRIES = 50;

const SettingName = z
  .string()
  .regex(/^[a-z][a-z0-9_-]{0,62}$/, 'must be lower-case letters, digits, _ and -, a letter first');
const SECRET = /secret|passw|token|credential|private|api_?-?key/;
const OptionName = SettingName.refine(name => !SECRET.test(name), {
  error: 'is named as a secret is, which has no place in settings',
});

const isSmall = (value: object) => Object.keys(value).length <= MOST_ENTRIES;
const TOO_MANY = { error: `must have at most ${MOST_ENTRIES} entries`, params: { code: 'too_big' } };

const Features = z.record(SettingName, z.boolean()).refine(isSmall, TOO_MANY);
const Option = z.union([z.string().max(1000), z.number(), z.boolean()]);
const Options = z.record(OptionName, Option).refine(isSmall, TOO_MANY);
const Integrations = z.record(SettingName, Options).refine(isSmall, TOO_MANY);

/** What holds in a workspace. */
export const WorkspaceSettings = z
  .object({
    allow_public_access: z.boolean().meta({
      description:
        'Every member of the organization sees and enters the workspace. What the default role may do there, they may once ' +
        'services keep data in workspaces',
    }),
    default_role_id: Id.meta({ description: 'Given to members added to the workspace without a role' }),
    features: Features.meta({
      description:
        'By name whether it is on; what the organization has switched off stays off. Those of tokens and applications hold for ' +
        'the organization; the others wait for the services that they are named after',
    }),
    integrations: Integrations.meta({ description: 'Options by name of integration, without secrets' }),
  })
  .meta({
    id: 'WorkspaceSettings',
    examples: [
      {
        allow_public_access: false,
        default_role_id: 3,
        features: { storage: true },
        integrations: { slack: { channel: '#data' } },
      },
    ],
  });
export type WorkspaceSettings = z.output<typeof WorkspaceSettings>;

/** Only what is set in a workspace; other keys are inherited. */
export type StoredSettings = Partial<WorkspaceSettings>;

const { shape } = WorkspaceSettings;
/** Keys given are set, keys left out stay, null returns a key to the organization's. */
export const WorkspaceSettingsChange = z
  .strictObject({
    allow_public_access: z.union([shape.allow_public_access, z.null()]).optional(),
    default_role_id: z.union([shape.default_role_id, z.null()]).optional(),
    features: z.union([shape.features, z.null()]).optional(),
    integrations: z.union([shape.integrations, z.null()]).optional(),
  })
  .meta({
    id: 'WorkspaceSettingsChange',
    description: 'Keys left out stay; null returns a key to the setting of the organization',
    examples: [{ allow_public_access: true, default_role_id: 3 }],
  });
export type WorkspaceSettingsChange = z.output<typeof WorkspaceSettingsChange>;

const Source = z.enum(['set', 'inherited']);
export type Source = z.output<typeof Source>;
/** For each setting whether it is the workspace's own or the organization's. */
export const SettingSources = z
  .object({ allow_public_access: Source, default_role_id: Source, features: Source, integrations: Source })
  .meta({ id: 'WorkspaceSettingSources' });

export function changedSettings(stored: StoredSettings, change: WorkspaceSettingsChange): StoredSettings {
  const merged = { ...stored, ...change };
  return Object.fromEntries(Object.entries(merged).filter(([, value]) => value != null)) as StoredSettings;
}

/** Keys that differ in what is set. */
export function differingKeys(before: StoredSettings, after: StoredSettings): string[] {
  const keys = Object.keys(shape) as (keyof WorkspaceSettings)[];
  return keys.filter(key => !isDeepStrictEqual(before[key], after[key]));
}
