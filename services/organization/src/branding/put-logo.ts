import { Branding } from '@rivergate/contracts';
import { error, Id, multipart, raw } from '@rivergate/endpoint';
import { oneTimeToken } from '@rivergate/secrets';
import { receivedPicture } from '@rivergate/uploads';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { changeBranding } from './change-branding.ts';
import { LOGO_TYPES, logoOf, MAX_LOGO_BYTES } from './logo.ts';

export const InvalidLogo = error('INVALID_LOGO', 400, 'This cannot be a logo');

const file = { types: LOGO_TYPES, maxBytes: MAX_LOGO_BYTES };

export const putLogo = endpoint(
  {
    operation: 'putBrandingLogo',
    method: 'put',
    path: '/organizations/:org_id/branding/logo',
    summary: 'Upload the logo of an organization',
    description:
      'The picture itself, or as the part `logo` of a form: not animated, at most 64 KiB and 2048 pixels wide and high. ' +
      'Pages show it on white. It takes the place of the one before, of which the address answers nothing any more.',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    accepts: [multipart({ files: { logo: file } }), raw(file)],
    answer: z.object({ branding: Branding }),
    message: 'Logo updated',
    errors: [InvalidLogo],
  },
  {
    prepare: ({ files }) => receivedPicture(files, logoOf, refused),
    async handle({ params, prepared, ...tools }) {
      const logo = { id: oneTimeToken(), ...prepared };
      const { after } = await changeBranding(tools, params.org_id, () => ({ logo }));
      return { branding: after };
    },
  },
);

const refused = (reason: string) =>
  InvalidLogo(`The logo ${reason}`, [{ field: 'body.logo', code: 'invalid_format', reason }]);
