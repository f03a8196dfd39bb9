import { oauthTokensChanged, oauthTokensRevoked } from '@rivergate/events';
import type { Knex } from 'knex';
import type { z } from 'zod';
import { endTokens, narrowTokens, type WhichTokens } from './token-store.ts';

/** The part of a handler's, or a consumer's, tools that is needed here. */
interface WithdrawalTools<Declaration extends typeof oauthTokensRevoked | typeof oauthTokensChanged> {
  db: Knex.Transaction;
  emit(
    declaration: Declaration,
    fact: { aggregateId: number; organizationId: number | null; data: z.input<Declaration['data']> },
  ): Promise<unknown>;
}

/** Whose tokens they are. */
export interface TokenOwner {
  id: number;
  client_id: string;
  /** Null where they are of several, or of none. */
  organization_id: number | null;
}

export type RevokeReason =
  | 'revoked'
  | 'reused'
  | 'member_removed'
  | 'user_erased'
  | 'disowned'
  | 'session_ended'
  | 'application_revoked'
  | 'application_deleted'
  | 'organization_deleted'
  | 'secret_replaced'
  | 'grant_type_removed'
  | 'redirect_uri_removed'
  | 'organization_settings';

/** Hashes in one event, which has to fit into a message of the event log. */
const BATCH = 500;

/** Ends tokens of an application, and their grants, for good. They are refused with the next request after the commit. */
export async function revokeTokens(
  { db, emit }: WithdrawalTools<typeof oauthTokensRevoked>,
  application: TokenOwner,
  which: Omit<WhichTokens, 'application_id'>,
  reason: RevokeReason,
): Promise<void> {
  const { id, client_id, organization_id } = application;
  const hashes = await endTokens(db, { ...which, application_id: id }, reason);
  for (const token_hashes of batches(hashes)) {
    await emit(oauthTokensRevoked, {
      aggregateId: id,
      organizationId: organization_id,
      data: { application_id: id, client_id, token_hashes, reason },
    });
  }
}

/** Takes from an application's codes and tokens what is not among these scopes. */
export async function withdrawScopes(
  { db, emit }: WithdrawalTools<typeof oauthTokensChanged>,
  application: TokenOwner,
  scopes: Parameters<typeof narrowTokens>[2],
): Promise<void> {
  const { id, client_id, organization_id } = application;
  for (const token_hashes of batches(await narrowTokens(db, id, scopes))) {
    await emit(oauthTokensChanged, {
      aggregateId: id,
      organizationId: organization_id,
      data: { application_id: id, client_id, token_hashes, scopes: [...scopes] },
    });
  }
}

function* batches(hashes: readonly string[]): Generator<string[]> {
  for (let from = 0; from < hashes.length; from += BATCH) yield hashes.slice(from, from + BATCH);
}
