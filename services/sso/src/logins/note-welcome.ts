import type { Emit } from '@rivergate/endpoint';
import { ssoConnected } from '@rivergate/events';
import type { SecretBox } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { SignInRefusal } from '../attempts/refusal.ts';
import type { ProviderRow } from '../providers/provider-store.ts';
import type { Welcome } from './arrive.ts';
import { requireServedAddress } from './check-address.ts';
import { noteLogin } from './connection-store.ts';
import { keepLogin } from './login-store.ts';
import type { Arrival } from './ticket-store.ts';

/**
 * Notes that somebody was let in. What has been true when they were found is looked at again: it stays so until the transaction
 * ends.
 *
 * @param db within the organization
 * @throws SignInRefusal: then the code that identity gave goes to nobody
 */
export async function noteWelcome(
  { db, emit, secretBox }: { db: Knex.Transaction; emit: Emit; secretBox: SecretBox },
  { id, organization_id }: ProviderRow,
  arrival: Arrival,
  { userId, loginId }: Welcome,
): Promise<void> {
  const now: ProviderRow | undefined = await db('providers').where({ id }).forShare().first();
  if (now?.status !== 'active') throw new SignInRefusal('PROVIDER_INACTIVE');
  await requireServedAddress(db, now, arrival.email);
  const place = { organization_id, provider_id: id };
  const noted = await noteLogin(db, place, userId, arrival);
  if (noted === undefined) throw new SignInRefusal('OTHER_SUBJECT');
  if (noted === 'first')
    await emit(ssoConnected, {
      aggregateId: id,
      organizationId: organization_id,
      userId,
      data: { organization_id, provider_id: id, user_id: userId, by: 'sign_in' },
    });
  const { subject, sessionIndex: session_index, forLogout } = arrival;
  const login = { ...place, login_id: loginId, user_id: userId, subject, session_index };
  await keepLogin(db, secretBox, login, forLogout);
}
