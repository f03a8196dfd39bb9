import { EmailTaken, InvalidPassword } from '@rivergate/contracts';
import {
  acrossOrganizations,
  Domain,
  EmailAddress,
  Failure,
  Id,
  RateLimited,
  UpstreamUnavailable,
  ValidationFailed,
} from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { PersonalMessage } from '../invitations/invitation.ts';
import { EmailDomainNotAllowed } from '../members/errors.ts';
import { Name } from '../names/name.ts';
import { requireOwnNetwork } from '../settings/network.ts';
import { SettingsChange } from '../settings/settings.ts';
import { WorkspaceReference } from '../workspaces/workspace.ts';
import {
  keepRegistered,
  refusalOf,
  registerAccount,
  registrationOf,
  signedInAdministrator,
} from './administrator.ts';
import { OrganizationAlreadyExists, PlanLimitExceeded } from './errors.ts';
import { foundOrganization } from './found-organization.ts';
import { inviteFirstMembers, refuseRepetition } from './invite-first-members.ts';
import { Organization } from './organization.ts';
import { isNameTaken } from './organization-store.ts';
import { takeBack } from './provisional-administrators.ts';

const FirstInvitation = z.strictObject({
  email: EmailAddress,
  role: z.enum(['Admin', 'Developer', 'Viewer']).default('Viewer'),
  message: PersonalMessage.optional(),
});

export const createOrganization = endpoint(
  {
    operation: 'createOrganization',
    method: 'post',
    path: '/organizations',
    summary:
      'Create an organization with its first workspace, default roles and, when new, its administrator',
    description:
      'With a bearer token the signed-in user becomes the administrator; without one an account is made for admin_email, ' +
      'which has to verify its address before anything else. Invitations are mailed once that has happened. All or nothing.',
    caller: 'public',
    bearer: 'optional',
    rateLimit: 'organization_creation',
    body: z.object({
      name: Name.meta({ description: 'Unique across all organizations without regard to case' }),
      domain: Domain.optional(),
      workspace_name: Name.default('Main Workspace'),
      admin_email: EmailAddress.optional().meta({
        description: 'Required without a bearer token; with one, a verified address of the caller',
      }),
      admin_password: z
        .string()
        .max(128)
        .optional()
        .meta({ description: 'Required without a bearer token, refused with one', format: 'password' }),
      admin_display_name: Name.optional().meta({ description: 'Default: the address before @' }),
      settings: SettingsChange.optional(),
      invitations: z.array(FirstInvitation).max(100).default([]),
      idempotency_key: z.string().max(255).optional(),
    }),
    status: 201,
    answer: z.object({
      organization: Organization.omit({ created_at: true }),
      workspace: WorkspaceReference,
      user: z.object({ id: Id, email: z.string(), display_name: z.string() }),
      temporary_token: z.string().optional().meta({
        description: 'Of a new administrator: for verify-otp, verify-email and resend-signup-otp',
      }),
    }),
    message: 'Organization created successfully',
    messageInData: true,
    errors: [
      PlanLimitExceeded,
      OrganizationAlreadyExists,
      EmailDomainNotAllowed,
      EmailTaken,
      InvalidPassword,
      RateLimited,
      UpstreamUnavailable,
    ],
  },
  {
    check({ body, caller }) {
      refuseForeignRole(body);
      requireOwnNetwork(caller, body.settings?.network?.ip_allow_list, 'body.settings.network.ip_allow_list');
      if (caller.kind !== 'user') refuseRepetition(body.invitations, registrationOf(body).email);
    },
    async prepare({ body, caller, plans, knex, call, request }) {
      if (1 + body.invitations.length > plans.seats(plans.initial)) throw PlanLimitExceeded();
      if (caller.kind === 'user') return undefined;
      const registration = registrationOf(body);
      // A taken name makes no account. What is refused here is answered by `handle`, after the answer kept for a key.
      return await refusalOf(
        refuseTakenName(knex, body.name).then(() => registerAccount(registration, { knex, call, request })),
      );
    },
    async undo({ prepared, knex, call }) {
      if (prepared && !(prepared instanceof Failure)) await takeBack(knex, call, prepared.userId);
    },
    async handle({ body, caller, prepared, db, emit, plans, mailer, appUrl, mailLimits }) {
      if (prepared instanceof Failure) throw prepared;
      const administrator = prepared
        ? await keepRegistered(db, prepared)
        : await signedInAdministrator(db, caller, body);
      // Names are unique across organizations.
      await acrossOrganizations(db);
      const settings = body.settings ?? {};
      const founded = await foundOrganization(
        { db, emit },
        {
          name: body.name,
          domain: body.domain ?? null,
          plan: plans.initial,
          settings,
          workspaceName: body.workspace_name,
          administratorId: administrator.userId,
          source: 'signup',
          personal: false,
        },
      );
      if (!founded) throw OrganizationAlreadyExists();
      const { organization, workspace, roles } = founded;
      await inviteFirstMembers({ db, emit }, { ...organization, settings }, body.invitations, {
        workspace,
        roles,
        administrator,
        mailTools: { mailer, appUrl, mailLimits },
      });
      const { userId, email, displayName, temporaryToken } = administrator;
      return {
        organization,
        workspace: { id: workspace.id, name: workspace.name, slug: workspace.slug },
        user: { id: userId, email, display_name: displayName },
        ...(temporaryToken === undefined ? {} : { temporary_token: temporaryToken }),
      };
    },
  },
);

/** @throws ValidationFailed for a role in the settings, which cannot be one of an organization that has none yet */
function refuseForeignRole({ settings }: { settings?: z.output<typeof SettingsChange> | undefined }): void {
  const reason = 'is not a role of the organization: it has none yet';
  const given = {
    'workspaces.default_role_id': settings?.workspaces?.default_role_id,
    'domains.join_role_id': settings?.domains?.join_role_id,
  };
  const details = Object.entries(given)
    .filter(([, roleId]) => roleId != null)
    .map(([setting]) => ({ field: `body.settings.${setting}`, code: 'not_found', reason }) as const);
  if (details.length > 0) throw ValidationFailed(undefined, details);
}

/** @throws OrganizationAlreadyExists */
async function refuseTakenName(knex: Knex, name: string): Promise<void> {
  await knex.transaction(async db => {
    await acrossOrganizations(db);
    if (await isNameTaken(db, name)) throw OrganizationAlreadyExists();
  });
}
