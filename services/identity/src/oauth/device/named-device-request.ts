import { type Context, error } from '@rivergate/endpoint';
import type { IdentityTools } from '../../endpoint.ts';
import { type Client, clientById } from '../client-store.ts';
import { type OpenDeviceRequest, openDeviceRequest } from './device-request-store.ts';
import { userCodeHash } from './user-code.ts';

export const UserCodeNotFound = error('USER_CODE_NOT_FOUND', 404, 'No device waits with this code any more');

/**
 * The request that a user names by its code. Whoever names one may be guessing: each counts at the user, right or wrong, and
 * by the class that the endpoint declares at the address.
 *
 * @throws RateLimited, UserCodeNotFound
 */
export async function namedDeviceRequest(
  { knex, secretBox, limit }: Pick<IdentityTools, 'knex' | 'secretBox'> & Pick<Context, 'limit'>,
  userId: number,
  userCode: string,
): Promise<{ request: OpenDeviceRequest; client: Client & { organization_id: number } }> {
  await limit('user_code', `user ${userId}`);
  const request = await openDeviceRequest(knex, userCodeHash(secretBox, userCode));
  const client = request && (await clientById(knex, request.client_id));
  if (!client || client.organization_id === null) throw UserCodeNotFound();
  return { request, client: { ...client, organization_id: client.organization_id } };
}
