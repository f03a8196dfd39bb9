import { error, Id } from '@rivergate/endpoint';
import { z } from 'zod';
import { accountById } from '../accounts/account-store.ts';
import { endpoint } from '../endpoint.ts';
import { withdrawPasskeys } from './withdraw-passkeys.ts';

export const CredentialNotFound = error('CREDENTIAL_NOT_FOUND', 404, 'You have no such passkey');

export const deletePasskey = endpoint(
  {
    operation: 'deletePasskey',
    method: 'delete',
    path: '/webauthn/credentials/:credential_id',
    summary: 'Delete a passkey',
    description: 'For good. Sessions that it opened go on.',
    caller: 'user',
    session: true,
    fresh: true,
    params: z.object({ credential_id: Id }),
    answer: z.object({ success: z.literal(true) }),
    message: 'Passkey deleted',
    messageInData: true,
    errors: [CredentialNotFound],
  },
  async ({ params, caller, db, emit, mail }) => {
    const { userId } = caller;
    const account = await accountById(db, userId);
    const own = { id: params.credential_id };
    if (!account || (await withdrawPasskeys({ db, emit, mail }, account, own)) === 0)
      throw CredentialNotFound();
    return { success: true } as const;
  },
);
