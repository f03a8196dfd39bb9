import { consumer, memberRemoved, on, registrationTokenRevoked } from '@rivergate/events';
import { revokeTokens } from './registration-token-store.ts';

/** What somebody made for an organization ends with the membership. */
export const tokensOfFormerAdministrators = () =>
  consumer({
    name: 'oauth-registration-tokens-of-former-administrators',
    on: [
      on(memberRemoved, async ({ data: { user_id, organization_id } }, { db, emit }) => {
        for (const { id } of await revokeTokens(db, { organization_id, created_by: user_id }))
          await emit(registrationTokenRevoked, {
            aggregateId: id,
            organizationId: organization_id,
            data: { registration_token_id: id, reason: 'member_removed' },
          });
      }),
    ],
  });
