import { Branding } from '@rivergate/contracts';
import { Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { changeBranding } from './change-branding.ts';
import { LogoNotFound } from './get-logo.ts';

export const deleteLogo = endpoint(
  {
    operation: 'deleteBrandingLogo',
    method: 'delete',
    path: '/organizations/:org_id/branding/logo',
    summary: 'Remove the logo of an organization',
    caller: 'admin',
    clients: true,
    params: z.object({ org_id: Id }),
    answer: z.object({ logo: Branding.pick({ logo_url: true }) }),
    message: 'Logo removed',
    errors: [LogoNotFound],
  },
  async ({ params, ...tools }) => {
    const { before } = await changeBranding(tools, params.org_id, ({ logo_id }) => {
      if (logo_id === null) throw LogoNotFound();
      return { logo: null };
    });
    return { logo: { logo_url: before.logo_url } };
  },
);
