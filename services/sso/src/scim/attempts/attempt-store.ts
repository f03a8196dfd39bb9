import { Failure, isScimType } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { Acting, Asked, Change, Changed } from '../change.ts';
import { idOf } from '../store/user-store.ts';
import { masked } from './masked.ts';

export interface AttemptRow {
  id: number;
  token_id: number;
  operation: string;
  user_id: number | null;
  group_id: number | null;
  status: number;
  scim_type: string | null;
  detail: string | null;
  body: unknown;
  ip: string | null;
  request_id: string;
  at: Date;
}

export const attemptsOf = (db: Knex, organizationId: number): Knex.QueryBuilder =>
  db('scim_attempts').where({ organization_id: organizationId });

/** Writes down what became of a request, and that a client was here. */
export async function noteAttempt(
  db: Knex.Transaction,
  { caller, request }: Pick<Acting, 'caller' | 'request'>,
  { operation, resource }: Pick<Change, 'operation' | 'resource'>,
  asked: Asked,
  outcome: Changed | Failure,
): Promise<void> {
  const failed = outcome instanceof Failure;
  const id = failed ? idOf(asked.id) : outcome.id;
  await db.raw(
    `with attempt as (
       insert into scim_attempts
         (organization_id, token_id, operation, user_id, group_id, status, scim_type, detail, body, ip, request_id)
       values (:organizationId, :tokenId, :operation, :userId, :groupId, :status, :scimType, :detail,
         cast(:body as jsonb), :ip, :requestId)
     )
     update scim_settings set last_sync_at = now()
     where organization_id = :organizationId and coalesce(last_sync_at < now() - interval '1 second', true)`,
    {
      organizationId: caller.organizationId,
      tokenId: caller.token.id,
      operation,
      userId: resource === 'user' ? id : null,
      groupId: resource === 'group' ? id : null,
      status: outcome.status,
      scimType: failed && isScimType(outcome.code) ? outcome.code : null,
      detail: failed ? outcome.message : null,
      body: shortened(asked.body),
      ip: request.ip,
      requestId: request.id,
    },
  );
}

const MOST_CHARACTERS = 16_384;

function shortened(body: Asked['body']): string {
  const text = JSON.stringify(masked(body));
  return text.length > MOST_CHARACTERS ? JSON.stringify('more than is kept') : text;
}

const KEPT_DAYS = 30;

export async function forgetOldAttempts(db: Knex): Promise<void> {
  await db.raw("delete from scim_attempts where at < now() - ? * interval '1 day'", [KEPT_DAYS]);
}
