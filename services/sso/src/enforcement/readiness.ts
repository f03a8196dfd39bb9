import { MOST_MEMBERS, memberSecurity } from '@rivergate/contracts';
import { type Call, NotFound, Timestamp } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import type { PlanSettings } from './plan-store.ts';

/** How far an active member is. */
export const MemberReadiness = z
  .object({
    user_id: z.int(),
    email: z.string(),
    mfa_enabled: z.boolean(),
    sso_linked: z.boolean().meta({ description: 'Has an identity at a provider of the organization' }),
    exempt: z.boolean(),
    ready: z.boolean().meta({
      description: 'Has what the plan sets a deadline for; MFA and SSO where it sets none',
    }),
    last_login_at: Timestamp.nullable(),
    last_reminded_at: Timestamp.nullable(),
  })
  .meta({ id: 'SsoMemberReadiness' });

export const Totals = z
  .object({
    members: z.int(),
    mfa_enabled: z.int(),
    sso_linked: z.int(),
    ready: z.int(),
    pending: z.int(),
    exempt: z.int().meta({ description: 'Neither ready nor pending' }),
  })
  .meta({ id: 'SsoReadinessTotals' });

export interface Readiness {
  user_id: number;
  email: string;
  display_name: string;
  mfa_enabled: boolean;
  sso_linked: boolean;
  exempt: boolean;
  ready: boolean;
  last_login_at: Date | null;
  last_reminded_at: Date | null;
}

interface Tools {
  call: Call;
  /** A transaction of its own within the organization, for as long as it reads. */
  briefly<Result>(read: (db: Knex.Transaction) => Promise<Result>): Promise<Result>;
}

/**
 * Active members of an organization, by id.
 *
 * @param userIds null: all
 * @throws NotFound that names those who are no active members
 */
export async function readinessOf(
  tools: Tools,
  organizationId: number,
  plan: PlanSettings,
  userIds: readonly number[] | null,
): Promise<Readiness[]> {
  const found = await readinessAmong(tools, organizationId, plan, userIds);
  requireAll(found, userIds);
  return found;
}

/**
 * As readinessOf, without those who are no active members. Identity is asked in pages, so that none of its answers grows with
 * the organization.
 */
export async function readinessAmong(
  { call, briefly }: Tools,
  organizationId: number,
  plan: PlanSettings,
  userIds: readonly number[] | null,
): Promise<Readiness[]> {
  const found: Readiness[] = [];
  for (let after = 0; ; ) {
    const { members } = await call(memberSecurity, {
      params: { organization_id: organizationId },
      body: { after, user_ids: userIds === null ? null : [...userIds] },
    });
    const known = await briefly(db =>
      knownOf(
        db,
        organizationId,
        members.map(({ user_id }) => user_id),
      ),
    );
    for (const { last_login_at, ...member } of members) {
      const sso_linked = known.linked.has(member.user_id);
      found.push({
        ...member,
        sso_linked,
        exempt: known.exempt.has(member.user_id),
        ready: meets(plan, { mfa_enabled: member.mfa_enabled, sso_linked }),
        last_login_at: last_login_at === null ? null : new Date(last_login_at),
        last_reminded_at: known.reminded.get(member.user_id) ?? null,
      });
    }
    if (members.length < MOST_MEMBERS) break;
    after = members.at(-1)!.user_id;
  }
  return found;
}

function requireAll(found: readonly Readiness[], userIds: readonly number[] | null): void {
  const there = new Set(found.map(({ user_id }) => user_id));
  const missing = (userIds ?? []).filter(userId => !there.has(userId));
  if (missing.length === 0) return;
  const reason = (userId: number) => `${userId} is no active member`;
  throw NotFound(
    undefined,
    missing.map(userId => ({ field: 'body.user_ids', code: 'not_found', reason: reason(userId) })),
  );
}

function meets(
  { mfa_deadline, sso_deadline }: PlanSettings,
  { mfa_enabled, sso_linked }: Pick<Readiness, 'mfa_enabled' | 'sso_linked'>,
): boolean {
  const nothing = mfa_deadline === null && sso_deadline === null;
  return (
    (mfa_enabled || !(nothing || mfa_deadline !== null)) &&
    (sso_linked || !(nothing || sso_deadline !== null))
  );
}

async function knownOf(db: Knex.Transaction, organizationId: number, userIds: readonly number[]) {
  const of = (table: string) =>
    db(table)
      .where({ organization_id: organizationId })
      .whereRaw('user_id = any (?)', [[...userIds]]);
  const linked: number[] = await of('connections').distinct().pluck('user_id');
  const exempt: number[] = await of('exemptions').pluck('user_id');
  const reminded: { user_id: number; at: Date }[] = await of('member_notices')
    .groupBy('user_id')
    .select('user_id', db.raw('max(sent_at) as at'));
  return {
    linked: new Set(linked),
    exempt: new Set(exempt),
    reminded: new Map(reminded.map(({ user_id, at }) => [user_id, at])),
  };
}

export function totalsOf(members: readonly Readiness[]): z.output<typeof Totals> {
  const count = (is: (member: Readiness) => boolean) => members.filter(is).length;
  return {
    members: members.length,
    mfa_enabled: count(({ mfa_enabled }) => mfa_enabled),
    sso_linked: count(({ sso_linked }) => sso_linked),
    ready: count(({ ready, exempt }) => ready && !exempt),
    pending: count(isPending),
    exempt: count(({ exempt }) => exempt),
  };
}

export const isPending = ({ ready, exempt }: Readiness): boolean => !ready && !exempt;

export const shownReadiness = ({ display_name: _, ...member }: Readiness) => member;
