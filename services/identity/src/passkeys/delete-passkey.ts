import { error, Id } from '@rivergate/endpoint';
import { passkeyDeleted } from '@rivergate/events';
import { z } from 'zod';
import { accountById } from '../accounts/account-store.ts';
import { endpoint } from '../endpoint.ts';
import { passkeyDeletedMail } from './passkey-mails.ts';
import { deletePasskeyOf } from './passkey-store.ts';

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
    params: z.object({ credential_id: Id }),
    answer: z.object({ success: z.literal(true) }),
    message: 'Passkey deleted',
    messageInData: true,
    errors: [CredentialNotFound],
  },
  async ({ params, caller, db, emit, mail }) => {
    const { userId } = caller;
    const deleted = await deletePasskeyOf(db, userId, params.credential_id);
    const account = await accountById(db, userId);
    if (!deleted || !account) throw CredentialNotFound();
    const { device_name } = deleted;
    await emit(passkeyDeleted, {
      aggregateId: params.credential_id,
      organizationId: null,
      data: { passkey_id: params.credential_id, user_id: userId, device_name },
    });
    const { email: to, display_name: displayName } = account;
    await mail.send(db, passkeyDeletedMail({ to, displayName, deviceName: device_name }));
    return { success: true } as const;
  },
);
