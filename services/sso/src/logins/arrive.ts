import { randomUUID } from 'node:crypto';
import {
  AccountElsewhere,
  createSsoLogin,
  EmailDomainNotAllowed,
  FormerMember,
  LastAdministrator,
  PlanLimitExceeded,
  provisionMember,
  setProvisionedRoles,
  UserNotFound,
} from '@rivergate/contracts';
import { type Briefly, type Call, Failure, withinOrganization } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { type Step, stepOf } from '../attempts/attempt-store.ts';
import { type Reason, SignInRefusal } from '../attempts/refusal.ts';
import type { GroupMapping } from '../providers/provider.ts';
import type { ProviderRow } from '../providers/provider-store.ts';
import { requireServedAddress } from './check-address.ts';
import { isOtherSubject, userOfSubject } from './connection-store.ts';
import type { Arrival } from './ticket-store.ts';

/** Milliseconds for one question: an account may have to be made. */
const PATIENCE = 10_000;

/** Somebody whom the fleet lets in. */
export interface Welcome {
  userId: number;
  loginId: string;
  /** Traded in by the browser. */
  code: string;
}

export interface ArrivalTools {
  briefly: Briefly;
  call: Call;
}

/**
 * Finds, or makes, the member of the organization that somebody at its provider is, gives them the roles of their groups, and has
 * identity let their browser in. Nothing of it depends on the address alone: who is connected is found by the provider's own
 * name for them, and who comes for the first time gets only an account that the organization itself has made.
 *
 * @param steps is added to
 * @throws SignInRefusal, also with ACCOUNT_ELSEWHERE and OTHER_SUBJECT, where the account can be proved
 */
export async function arrive(
  { briefly, call }: ArrivalTools,
  provider: ProviderRow,
  arrival: Arrival,
  codeChallenge: string,
  steps: Step[],
): Promise<Welcome> {
  const { id: provider_id, organization_id } = provider;
  const { subject, email, displayName } = arrival;
  const inOrganization = <Answer>(work: (db: Knex.Transaction) => Promise<Answer>) =>
    briefly(async db => {
      await withinOrganization(db, organization_id);
      return await work(db);
    });
  const known = await inOrganization(async db => {
    await requireServedAddress(db, provider, email);
    return await userOfSubject(db, provider_id, subject);
  });
  steps.push(stepOf('address_accepted'));

  const member = await call(
    provisionMember,
    {
      params: { organization_id },
      body: { email, display_name: displayName, source: 'sso', user_id: known ?? null },
    },
    { deadline: PATIENCE },
  ).catch(refuse);
  steps.push(stepOf('member_found', member.made === 'nothing' ? null : `made ${member.made}`));
  if (!member.active) throw new SignInRefusal('MEMBERSHIP_SUSPENDED');
  const { user_id } = member;
  if (
    known === undefined &&
    (await inOrganization(db => isOtherSubject(db, { provider_id, user_id, subject })))
  )
    throw new SignInRefusal('OTHER_SUBJECT');

  await giveRoles({ call }, provider, user_id, arrival.groups, steps);
  const loginId = randomUUID();
  const { code } = await call(createSsoLogin, {
    body: {
      user_id,
      organization_id,
      provider_id,
      login_id: loginId,
      methods: arrival.methods,
      code_challenge: codeChallenge,
      expires_at: arrival.endsAt,
    },
  }).catch(refuse);
  return { userId: user_id, loginId, code };
}

/** Those of the groups that the provider names now: what it named before counts no more. */
async function giveRoles(
  { call }: Pick<ArrivalTools, 'call'>,
  { id, organization_id, group_mappings }: ProviderRow,
  user_id: number,
  groups: readonly string[],
  steps: Step[],
): Promise<void> {
  const roles = rolesOf(group_mappings, groups);
  try {
    const { given, withdrawn } = await call(
      setProvisionedRoles,
      { params: { organization_id, user_id }, body: { source: 'sso', provider_id: id, roles } },
      { deadline: PATIENCE },
    );
    if (given + withdrawn > 0) steps.push(stepOf('roles_set', `given ${given}, withdrawn ${withdrawn}`));
  } catch (cause) {
    if (!(cause instanceof Failure) || cause.code !== LastAdministrator.code) refuse(cause);
    steps.push(stepOf('roles_kept', 'the organization would have no administrator left'));
  }
}

/** Roles of these groups, each once. */
export function rolesOf(mappings: readonly GroupMapping[], groups: readonly string[]) {
  const held = new Set(groups);
  const roles = mappings
    .filter(({ group }) => held.has(group))
    .map(({ role_id, workspace_id }) => [`${role_id} ${workspace_id}`, { role_id, workspace_id }] as const);
  return [...new Map(roles).values()];
}

const MEANS: Record<string, Reason> = {
  [AccountElsewhere.code]: 'ACCOUNT_ELSEWHERE',
  [FormerMember.code]: 'FORMER_MEMBER',
  [EmailDomainNotAllowed.code]: 'EMAIL_DOMAIN_NOT_ALLOWED',
  [PlanLimitExceeded.code]: 'PLAN_LIMIT_EXCEEDED',
  [UserNotFound.code]: 'ACCOUNT_UNAVAILABLE',
};

/** @throws SignInRefusal for what another service has answered; what is a mistake of this one stays what it is */
function refuse(cause: unknown): never {
  if (!(cause instanceof Failure)) throw cause;
  throw new SignInRefusal(MEANS[cause.code] ?? 'TRY_AGAIN');
}
