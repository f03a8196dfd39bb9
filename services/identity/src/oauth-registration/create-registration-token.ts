import { Id } from '@rivergate/endpoint';
import { registrationTokenCreated } from '@rivergate/events';
import { CLIENT_TOKENS, prefixedToken, tokenHash } from '@rivergate/secrets';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import {
  CreatedRegistrationToken,
  registrationTokenFields,
  TooManyRegistrationTokens,
} from './registration-token.ts';
import { insertToken, tokensOf } from './registration-token-store.ts';

/** Tokens of an organization that were not revoked and have not expired. */
const MOST = 100;
/** Characters of a token by which people tell it apart: the prefix, and 48 of its 256 bits. */
const SHOWN = 12;

export const createRegistrationToken = endpoint(
  {
    operation: 'createOauthRegistrationToken',
    method: 'post',
    path: '/organizations/:org_id/oauth-registration-tokens',
    summary: 'Create a token by which OAuth clients register themselves for the organization',
    description:
      'For RFC 7591, section 3. What registers by it acts for members who let it, and never for itself.',
    caller: 'admin',
    session: true,
    fresh: true,
    params: z.object({ org_id: Id }),
    body: z.object(registrationTokenFields),
    answer: CreatedRegistrationToken,
    status: 201,
    message: 'Token created; it is not shown again',
    errors: [TooManyRegistrationTokens],
    idempotency: { seconds: 60, randomKey: true },
  },
  async ({ params, body, caller, db, emit }) => {
    const organizationId = params.org_id;
    const usable = tokensOf(db, organizationId).where('expires_at', '>', db.fn.now());
    if (Number((await usable.count('* as n').first()).n) >= MOST) throw TooManyRegistrationTokens();
    const token = prefixedToken(CLIENT_TOKENS.registration);
    const { expires_in_days: days, ...wanted } = body;
    const created = await insertToken(db, {
      ...wanted,
      days,
      organization_id: organizationId,
      token_hash: tokenHash(token),
      token_prefix: token.slice(0, SHOWN),
      created_by: caller.userId,
      session_id: caller.sessionId,
    });
    const { id, name, scopes, max_uses, expires_at } = created;
    await emit(registrationTokenCreated, {
      aggregateId: id,
      data: { registration_token_id: id, name, scopes, max_uses, expires_at: expires_at.toISOString() },
    });
    return { ...created, token };
  },
);
