import { deletion, error, Id } from '@rivergate/endpoint';
import { oauthConsentWithdrawn } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { forgetConsent } from './consent-store.ts';
import { grantsFor } from './grant-store.ts';
import { revokeTokens } from './revoke-tokens.ts';
import { ownerOf } from './token-store.ts';

export const ConsentNotFound = error('CONSENT_NOT_FOUND', 404, 'No such application was let act');

const consentDeletion = deletion('consent');

export const withdrawConsent = endpoint(
  {
    operation: 'withdrawOauthConsent',
    method: 'delete',
    path: '/api/v1/oauth/consents/:application_id',
    summary: 'Let an application act no more',
    description: 'Ends its tokens that act for the caller at once; it has to ask again.',
    caller: 'user',
    session: true,
    params: z.object({ application_id: Id }),
    answer: consentDeletion.answer,
    errors: [ConsentNotFound],
  },
  async ({ params, caller, db, emit }) => {
    const { application_id } = params;
    const which = { application_id, user_id: caller.userId };
    if (!(await forgetConsent(db, which))) throw ConsentNotFound();
    const application = await ownerOf(db, which);
    for (const grant_id of await grantsFor(db, which))
      await revokeTokens({ db, emit }, application, { grant_id }, 'revoked');
    const { client_id, organization_id: organizationId } = application;
    await emit(oauthConsentWithdrawn, {
      aggregateId: application_id,
      organizationId,
      data: { application_id, client_id, user_id: caller.userId },
    });
    return consentDeletion.of(application_id);
  },
);
