import { boundTo } from '@rivergate/caller';
import { memberPrincipal } from '@rivergate/contracts';
import { Forbidden } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../../endpoint.ts';
import { DEVICE_CODE } from '../../oauth-applications/application.ts';
import { acrOf } from '../../openid/acr.ts';
import { authenticationIn } from '../../openid/authentication.ts';
import { holdClient } from '../client-store.ts';
import { approveGrant, refuseGrant } from '../grant-decision.ts';
import { stillAllowed } from '../scope.ts';
import { holdOpenDeviceRequest, noteAnswer } from './device-request-store.ts';
import { namedDeviceRequest, UserCodeNotFound } from './named-device-request.ts';
import { UserCode, userCodeHash } from './user-code.ts';

export const answerDeviceRequest = endpoint(
  {
    operation: 'answerOauthDevice',
    method: 'post',
    path: '/api/v1/oauth/device/answer',
    summary: "The signed-in user's answer to a device that shows this code",
    description:
      'One answer, by a member of the organization of the application; the device learns of it by its next poll.',
    caller: 'user',
    session: true,
    body: z.object({ user_code: UserCode, approve: z.boolean() }),
    status: 204,
    errors: [UserCodeNotFound, Forbidden],
    rateLimit: 'user_code_address',
    idempotency: false,
  },
  {
    async prepare({ body, caller, call, knex, secretBox, limit }) {
      const { client } = await namedDeviceRequest({ knex, secretBox, limit }, caller.userId, body.user_code);
      const { client_id, organization_id } = client;
      const question = { params: { organization_id, user_id: caller.userId } };
      return { client_id, organization_id, isMember: (await call(memberPrincipal, question)).member };
    },
    async handle({ body, caller, prepared: { client_id, organization_id, isMember }, db, emit, secretBox }) {
      const client = await holdClient(db, client_id);
      const request = await holdOpenDeviceRequest(db, userCodeHash(secretBox, body.user_code));
      if (!request || !client?.grant_types.includes(DEVICE_CODE)) throw UserCodeNotFound();
      if (!isMember || (boundTo(caller) ?? organization_id) !== organization_id)
        throw Forbidden('You are no member of the organization of this application');
      if (!body.approve) {
        await refuseGrant({ emit }, client, caller.userId, organization_id);
        return noteAnswer(db, request.id, null);
      }
      const scopes = stillAllowed(request.scopes, client.scopes);
      if (scopes.length === 0) throw UserCodeNotFound();
      const grantId = await approveGrant({ db, emit }, client, caller.userId, {
        organization_id,
        resource: null,
        session_id: caller.sessionId,
        scopes,
        grant_type: DEVICE_CODE,
        redirect_uri: null,
        code_hash: request.device_code_hash,
        code_challenge: null,
        key_thumbprint: null,
        ...(scopes.includes('openid') ? { acr: await acrIn(db, caller.sessionId) } : {}),
      });
      await noteAnswer(db, request.id, grantId);
    },
  },
);

async function acrIn(db: Knex.Transaction, sessionId: number): Promise<string | null> {
  const authentication = await authenticationIn(db, sessionId);
  return authentication ? acrOf(authentication.methods, []) : null;
}
