import { PERMISSIONS } from '@rivergate/caller';
import { z } from 'zod';
import { Name } from '../names/name.ts';

const codes = PERMISSIONS.map(({ code }) => code);

/** Each once; with "*" nothing else needs to be said. */
export const folded = (permissions: string[]) =>
  permissions.includes('*') ? ['*'] : [...new Set(permissions)];

export const RolePermissions = z
  .array(z.enum(['*', ...codes]))
  .min(1)
  .max(200)
  .overwrite(folded as never)
  .meta({
    description: 'Codes of the permission catalogue, or "*" for all',
    examples: [['workspace.read', 'workspace.write']],
  });

/** What of a custom role is set by people. */
export const roleFields = {
  name: Name.meta({
    description: 'Unique in the organization without regard to case, built-in roles included',
    examples: ['Custom Developer'],
  }),
  permissions: RolePermissions,
};

/** That somebody means to take permissions from themselves. */
export const confirm = z
  .boolean()
  .default(false)
  .meta({ description: 'Also where the caller loses permissions by it' });
