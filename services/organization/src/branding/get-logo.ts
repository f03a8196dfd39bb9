import { logoPath } from '@rivergate/contracts';
import { acrossOrganizations, error } from '@rivergate/endpoint';
import { pictureContent } from '@rivergate/uploads';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { logoById } from './branding-store.ts';
import { LOGO_TYPES } from './logo.ts';

export const LogoNotFound = error('LOGO_NOT_FOUND', 404, 'No such logo');

export const getLogo = endpoint(
  {
    operation: 'getLogo',
    method: 'get',
    path: logoPath,
    summary: 'The logo of an organization',
    description: 'Public, so that an image element can show it; the id cannot be guessed.',
    caller: 'public',
    params: z.object({ logo_id: z.string().regex(/^[A-Za-z0-9_-]{43}$/) }),
    content: Object.fromEntries(LOGO_TYPES.map(type => [type, 'binary' as const])),
    errors: [LogoNotFound],
  },
  async ({ params, db }) => {
    // Whoever looks at it is of no organization yet.
    await acrossOrganizations(db);
    const logo = await logoById(db, params.logo_id);
    if (!logo) throw LogoNotFound();
    // What stands at an address never changes, but goes: with a newer logo, and with the organization.
    return pictureContent(logo, 'public, max-age=3600');
  },
);
