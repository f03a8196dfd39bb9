import { Id } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { onPrimaryAddress } from './account-store.ts';

/** The member to whom an entry of an organization's list belongs. */
export const MemberOfRow = z.object({ id: Id, email: z.string(), display_name: z.string() });

/** What `withMember` adds to a row. */
export interface MemberColumns {
  user_id: number;
  email: string;
  display_name: string;
}

/** Adds to rows of a table with a `user_id` whose they are. */
export function withMember(rows: Knex.QueryBuilder, table: string): Knex.QueryBuilder {
  return rows
    .join('users', 'users.id', `${table}.user_id`)
    .join('email_addresses', onPrimaryAddress)
    .select(`${table}.user_id`, 'email', 'display_name');
}

export function showMember<Row extends MemberColumns>({ user_id: id, email, display_name, ...row }: Row) {
  return { ...row, user: { id, email, display_name } };
}
