import type { Emit } from '@rivergate/endpoint';
import { loginFailed } from '@rivergate/events';
import type { SecretBox } from '@rivergate/secrets';

/** Notes in the history of logins that one was refused, of whichever kind. */
export function noteRefusal(
  { emit, secretBox }: { emit: Emit; secretBox: SecretBox },
  { email, account, reason }: { email: string; account: { id: number } | undefined; reason: string },
): Promise<void> {
  const userId = account?.id ?? null;
  // An unknown address is audited by a keyed hash: people type passwords into the wrong field.
  const aggregateId = userId ?? secretBox.codeHash(email, 'unknown address').slice(0, 16);
  return emit(loginFailed, { aggregateId, organizationId: null, userId, data: { user_id: userId, reason } });
}
