import type { Principal } from '@rivergate/caller';
import { EmailTaken, InvalidPassword } from '@rivergate/contracts';
import {
  displayText,
  EmailAddress,
  Failure,
  Id,
  RateLimited,
  UpstreamUnavailable,
} from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { seatsTaken } from '../invitations/invitation-store.ts';
import { withdrawInvitationOf } from '../invitations/withdraw-invitation-of.ts';
import { addMember } from '../members/add-member.ts';
import { requireAllowedAddress } from '../members/allowed-domains.ts';
import { EmailDomainNotAllowed } from '../members/errors.ts';
import { isMemberAddress } from '../members/member-store.ts';
import { keepRegistered, refusalOf, registerAccount } from '../organizations/administrator.ts';
import { PlanLimitExceeded } from '../organizations/errors.ts';
import { NamedOrganization, namedOrganization } from '../organizations/named-organization.ts';
import {
  enterOrganization,
  lockOrganization,
  type OrganizationRow,
} from '../organizations/organization-store.ts';
import type { Plans } from '../organizations/plan.ts';
import { takeBack } from '../organizations/provisional-administrators.ts';
import { RoleNotFound } from '../roles/errors.ts';
import { mayHandOut } from '../roles/hand-out.ts';
import { builtInRole, isAdminRole, type RoleRow, roleOfOrganization } from '../roles/role-store.ts';
import { defaultWorkspace } from '../workspaces/workspace-store.ts';
import { UserAlreadyExists } from './errors.ts';
import { countTold, requireUntold } from './taken-addresses.ts';

type Body = { email: string; role_id?: number | undefined };

export const createUser = endpoint(
  {
    operation: 'createUser',
    method: 'post',
    path: '/users',
    summary: 'Create a user with a role',
    description:
      'Makes an account, whose address has to be verified before the first login and within a day, and its membership of the ' +
      'organization and of the default workspace. Without a password whoever reads the mailbox sets one by the mailed link. ' +
      'All or nothing. An address that has an account elsewhere is invited instead.',
    caller: 'perm:user.write',
    activeOrganization: true,
    body: z.object({
      email: EmailAddress,
      display_name: displayText(100)
        .optional()
        .meta({ description: 'Default: the part of the address before @' }),
      password: z
        .string()
        .max(128)
        .optional()
        .meta({ description: 'Of the policies of platform and organization', format: 'password' }),
      organization_id: NamedOrganization,
      role_id: Id.optional().meta({ description: 'Default: Viewer' }),
    }),
    status: 201,
    answer: z.object({ user: z.object({ id: Id, email: z.string(), display_name: z.string() }) }),
    message: 'User created successfully',
    messageInData: true,
    errors: [
      PlanLimitExceeded,
      RoleNotFound,
      UserAlreadyExists,
      EmailDomainNotAllowed,
      EmailTaken,
      InvalidPassword,
      RateLimited,
      UpstreamUnavailable,
    ],
  },
  {
    organization: namedOrganization,
    async prepare({ body, caller, briefly, knex, call, request, plans, takenAddressLimit }) {
      // What is refused already makes no account. It is answered by `handle`, after the answer kept for a key.
      return await refusalOf(
        (async () => {
          await briefly(async db => {
            const organization = await enterOrganization(db, caller.organizationId);
            await requireCreatable(db, organization, caller, body, plans);
          });
          await requireUntold(knex, { told_to: caller.userId }, takenAddressLimit);
          const { email, password = null, display_name: displayName = null } = body;
          const registration = { email, password, displayName, memberOf: caller.organizationId };
          return await registerAccount(registration, { knex, call, request }).catch(async cause => {
            if (cause instanceof Failure && cause.code === EmailTaken.code)
              await countTold(knex, { told_to: caller.userId }, takenAddressLimit);
            throw cause;
          });
        })(),
      );
    },
    async undo({ prepared, knex, call }) {
      if (!(prepared instanceof Failure)) await takeBack(knex, call, prepared.userId);
    },
    async handle({ body, caller, prepared, db, emit, plans }) {
      if (prepared instanceof Failure) throw prepared;
      const organization = await lockOrganization(db, caller.organizationId);
      const organizationId = organization.id;
      await withdrawInvitationOf({ db, emit }, organizationId, body.email, caller.userId);
      const role = await requireCreatable(db, organization, caller, body, plans);
      const { userId, email, displayName } = await keepRegistered(db, prepared);
      const { id: workspaceId } = await defaultWorkspace(db, organizationId);
      await addMember(
        { db, emit },
        {
          organizationId,
          userId,
          role: { id: role.id, isAdmin: isAdminRole(role) },
          workspaceId,
          source: 'admin',
          by: caller.userId,
        },
      );
      return { user: { id: userId, email, display_name: displayName } };
    },
  },
);

/** @throws what creating the user is refused with but for its address and password; the role otherwise */
async function requireCreatable(
  db: Knex.Transaction,
  organization: OrganizationRow,
  caller: Principal,
  { email, role_id: roleId }: Body,
  plans: Plans,
): Promise<RoleRow> {
  const role =
    roleId === undefined
      ? await builtInRole(db, organization.id, 'Viewer')
      : await roleOfOrganization(db, organization.id, roleId);
  mayHandOut(caller, role);
  requireAllowedAddress(organization.settings, email);
  if (await isMemberAddress(db, organization.id, email)) throw UserAlreadyExists();
  if ((await seatsTaken(db, organization.id, email)) >= plans.seats(organization.plan))
    throw PlanLimitExceeded();
  return role;
}
