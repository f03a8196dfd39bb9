import { SCOPES } from '@rivergate/caller';
import { organizationName } from '@rivergate/contracts';
import { Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { networkOf } from '../../login/check-credentials.ts';
import { brandingOfClient, OrganizationBranding } from '../../organizations/branding.ts';
import { IDENTITY_SCOPES, stillAllowed } from '../scope.ts';
import { namedDeviceRequest, UserCodeNotFound } from './named-device-request.ts';
import { shownUserCode, UserCode } from './user-code.ts';

export const findDeviceRequest = endpoint(
  {
    operation: 'findOauthDevice',
    method: 'post',
    path: '/api/v1/oauth/device',
    summary: 'What a device asks for that shows this code',
    description:
      'For the page on which its user decides. Shows whence the device asked, since a stranger may have sent the code.',
    caller: 'user',
    session: true,
    safe: true,
    body: z.object({ user_code: UserCode }),
    answer: z
      .object({
        user_code: z.string().meta({ description: 'As the device shows it', examples: ['WDJB-MJHT'] }),
        app_name: z.string().meta({ examples: ['Warehouse dashboard'] }),
        organization_name: z.string().meta({ examples: ['Analytical Engines'] }),
        branding: OrganizationBranding,
        requested_scopes: z.array(z.enum([...IDENTITY_SCOPES, ...SCOPES])),
        requested_at: Timestamp,
        expires_at: Timestamp,
        ip_address: z
          .string()
          .nullable()
          .meta({ description: 'Of whoever asked for the code', examples: ['192.0.2.7'] }),
        user_agent: z
          .string()
          .nullable()
          .meta({ description: 'What that says to be', examples: ['curl/8.5.0'] }),
        same_network: z
          .boolean()
          .meta({ description: 'Whether the code was asked for in the network of this request' }),
      })
      .meta({ id: 'OAuthDeviceRequest' }),
    errors: [UserCodeNotFound],
    rateLimit: 'user_code_address',
    idempotency: false,
  },
  {
    async prepare({ body, caller, call, knex, secretBox, limit }) {
      const named = await namedDeviceRequest({ knex, secretBox, limit }, caller.userId, body.user_code);
      const question = { params: { organization_id: named.client.organization_id } };
      return { ...named, organization: await call(organizationName, question) };
    },
    async handle({ body, prepared: { request: found, client, organization }, request, db, settings }) {
      return {
        user_code: shownUserCode(body.user_code),
        app_name: client.name,
        organization_name: organization.name,
        branding: await brandingOfClient(db, client, settings.publicUrl),
        requested_scopes: stillAllowed(found.scopes, client.scopes),
        requested_at: found.created_at,
        expires_at: found.expires_at,
        ip_address: found.ip_address,
        user_agent: found.user_agent,
        same_network: networkOf(found.ip_address) === networkOf(request.ip),
      };
    },
  },
);
