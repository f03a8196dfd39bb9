import { OAUTH_HEADERS, type RequestFacts, reply } from '@rivergate/endpoint';
import { oneTimeToken, type SecretBox, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { DEVICE_CODE } from '../../oauth-applications/application.ts';
import {
  ClientHeaders,
  clientCredentials,
  clientParameters,
  requiredClient,
} from '../client-authentication.ts';
import { type Client, touchClient } from '../client-store.ts';
import { InvalidClient, InvalidRequest, InvalidScope, UnauthorizedClient } from '../oauth-errors.ts';
import { authorizationScopes, type GrantedScope, ScopeParameter } from '../scope.ts';
import { DEVICE_SECONDS, insertDeviceRequest, POLL_SECONDS } from './device-request-store.ts';
import { newUserCode, shownUserCode, userCodeHash } from './user-code.ts';

/** RFC 8628, section 3.1. */
export const deviceAuthorization = endpoint(
  {
    operation: 'authorizeOauthDevice',
    method: 'post',
    path: '/oauth/device_authorization',
    summary: 'Codes for a device on which nobody can sign in',
    description:
      'The device shows user_code and verification_uri, its user answers there, and the device meanwhile asks the token ' +
      'endpoint with device_code, no sooner than every interval seconds.',
    caller: 'client',
    protocol: 'oauth',
    headers: ClientHeaders,
    body: z.object({ ...clientParameters, scope: ScopeParameter.optional() }),
    answer: z
      .object({
        device_code: z.string().meta({ examples: ['GmRhmhcxhwAzkoEqiMEg-DnyEysNkuNhszIySk9eS0Q'] }),
        user_code: z.string().meta({ examples: ['WDJB-MJHT'] }),
        verification_uri: z.string().meta({ examples: ['https://rivergate.example.com/device'] }),
        verification_uri_complete: z.string().meta({
          description: 'As a QR code; whoever follows it still compares the code and answers',
          examples: ['https://rivergate.example.com/device?user_code=WDJB-MJHT'],
        }),
        expires_in: z.int().meta({ description: 'Seconds', examples: [DEVICE_SECONDS] }),
        interval: z.int().meta({ description: 'Seconds', examples: [POLL_SECONDS] }),
      })
      .meta({ id: 'OAuthDeviceCodes' }),
    bare: true,
    errors: [InvalidRequest, InvalidClient, UnauthorizedClient, InvalidScope],
    idempotency: false,
  },
  {
    prepare: ({ body, headers, ...tools }) => clientCredentials(tools, headers.authorization, body),
    async handle({ body, prepared: credentials, db, secretBox, settings, request }) {
      const client = await requiredClient(db, credentials);
      // Nothing says in which organization a client of none is to act: a device names no resource.
      if (!client.grant_types.includes(DEVICE_CODE) || client.organization_id === null)
        throw UnauthorizedClient();
      const scopes = authorizationScopes(body.scope, client.scopes);
      if (!scopes) throw InvalidScope();
      const { deviceCode, userCode } = await newRequest({ db, secretBox, request }, client, scopes);
      await touchClient(db, client);
      const page = `${settings.publicUrl}/device`;
      return reply(
        {
          device_code: deviceCode,
          user_code: shownUserCode(userCode),
          verification_uri: page,
          verification_uri_complete: `${page}?user_code=${shownUserCode(userCode)}`,
          expires_in: DEVICE_SECONDS,
          interval: POLL_SECONDS,
        },
        { headers: OAUTH_HEADERS },
      );
    },
  },
);

/** With a user code that no other request has, which is the first but for one time in millions. */
async function newRequest(
  { db, secretBox, request }: { db: Knex; secretBox: SecretBox; request: RequestFacts },
  client: Client,
  scopes: readonly GrantedScope[],
): Promise<{ deviceCode: string; userCode: string }> {
  const [deviceCode, userCode] = [oneTimeToken(), newUserCode()];
  const isNew = await insertDeviceRequest(db, {
    application_id: client.id,
    device_code_hash: tokenHash(deviceCode),
    user_code_hash: userCodeHash(secretBox, userCode),
    scopes,
    ip_address: request.ip,
    user_agent: request.userAgent,
  });
  return isNew ? { deviceCode, userCode } : newRequest({ db, secretBox, request }, client, scopes);
}
