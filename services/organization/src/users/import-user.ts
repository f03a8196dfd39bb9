import { displayText, EmailAddress, Id, ValidationFailed } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { currentCaller } from '../access/current-caller.ts';
import { jobKind } from '../endpoint.ts';
import { InvitationAlreadyExists } from '../invitations/errors.ts';
import { seatsTaken } from '../invitations/invitation-store.ts';
import { invite, requireInvitable, type Wanted } from '../invitations/invite.ts';
import { isMemberAddress } from '../members/member-store.ts';
import { nameKeys } from '../names/name-keys.ts';
import { PlanLimitExceeded } from '../organizations/errors.ts';
import { lockOrganization, type OrganizationRow } from '../organizations/organization-store.ts';
import type { Plans } from '../organizations/plan.ts';
import { RoleNotFound } from '../roles/errors.ts';
import { builtInRole } from '../roles/role-store.ts';
import { WorkspaceNotFound } from '../workspaces/errors.ts';
import { defaultWorkspace } from '../workspaces/workspace-store.ts';
import { ImportRow } from './import-row.ts';

const Cells = z.object({ email: EmailAddress, display_name: displayText(100).nullable() });

/** Mails the link that activates the membership; a dry run says what would become of each row, and changes nothing. */
export const importingUsers = jobKind(
  {
    name: 'import_users',
    path: '/users/bulk-import',
    reference: { name: 'import_id', prefix: 'import_' },
    ownStatus: true,
    caller: 'perm:user.write',
    input: z.object({ dry_run: z.boolean() }),
    item: ImportRow,
    result: z.object({
      outcome: z.enum(['invited', 'valid', 'unchanged']).meta({
        description: 'valid: in a dry run; unchanged: the address belongs to a member',
      }),
      invitation_id: Id.nullable(),
    }),
    attempts: 8,
    // By the limits of mails the largest file takes some days.
    deadline: 7 * 86_400,
  },
  async ({ input, item, jobId, caller: starter, db, emit, ...tools }) => {
    const organization = await lockOrganization(db, starter.organizationId);
    const caller = await currentCaller(db, organization.id, starter, 'user.write');
    const { email, display_name } = checkedCells(item);
    if (await isMemberAddress(db, organization.id, email))
      return { outcome: 'unchanged' as const, invitation_id: null };
    const wanted = {
      email,
      display_name,
      message: null,
      role_id: await roleNamed(db, organization.id, item.role),
      workspace_id: await workspaceNamed(db, organization.id, item.workspace),
    };
    if (input.dry_run) {
      await requireInvitable(db, organization, caller, wanted);
      await requireRoom(db, jobId, organization, wanted, tools.plans);
      return { outcome: 'valid' as const, invitation_id: null };
    }
    const { id } = await invite({ db, emit }, organization, caller, wanted, tools);
    return { outcome: 'invited' as const, invitation_id: id };
  },
);

/** @throws ValidationFailed */
function checkedCells({ email, display_name, active }: ImportRow): z.output<typeof Cells> {
  const { data, error } = Cells.safeParse({ email, display_name });
  const [issue] = error?.issues ?? [];
  if (issue) throw ValidationFailed(`The ${issue.path.join('.')} is not valid`);
  if (!active) throw ValidationFailed('The user is inactive');
  return data!;
}

/** As a row of an import says it: by id, else by what is given for it otherwise. */
async function find(
  db: Knex.Transaction,
  table: 'roles' | 'workspaces',
  organizationId: number,
  text: string,
  otherwise: Record<string, string>,
): Promise<number | undefined> {
  const found = db(table).where({ organization_id: organizationId });
  const byId =
    /^[1-9]\d{0,14}$/.test(text) &&
    (await found
      .clone()
      .where({ id: Number(text) })
      .first('id'));
  return (byId || (await found.where(otherwise).first('id')))?.id;
}

async function roleNamed(db: Knex.Transaction, organizationId: number, text: string | null): Promise<number> {
  if (text === null) return (await builtInRole(db, organizationId, 'Viewer')).id;
  const id = await find(db, 'roles', organizationId, text, { name_key: nameKeys(text).name_key });
  if (id === undefined) throw RoleNotFound();
  return id;
}

async function workspaceNamed(
  db: Knex.Transaction,
  organizationId: number,
  text: string | null,
): Promise<number> {
  if (text === null) return (await defaultWorkspace(db, organizationId)).id;
  const id = await find(db, 'workspaces', organizationId, text, { slug: text.toLowerCase() });
  if (id === undefined) throw WorkspaceNotFound();
  return id;
}

/** What writing the invitation would meet, counting the rows before it in the dry run. */
async function requireRoom(
  db: Knex.Transaction,
  jobId: number,
  { id, plan }: OrganizationRow,
  { email }: Wanted,
  plans: Plans,
): Promise<void> {
  const where = { organization_id: id, email, status: 'pending' };
  const pending = await db('invitations')
    .where(where)
    .where(row => row.whereNull('sent_at').orWhere('expires_at', '>', db.fn.now()))
    .first('id');
  const [before] = await db('job_items')
    .where({ job_id: jobId, outcome: 'done' })
    .whereRaw("result ->> 'outcome' = 'valid'")
    .select(
      db.raw('count(*)::int as valid'),
      db.raw("coalesce(bool_or(lower(item ->> 'email') = ?), false) as same", [email]),
    );
  if (pending || before.same) throw InvitationAlreadyExists();
  if ((await seatsTaken(db, id)) + before.valid >= plans.seats(plan)) throw PlanLimitExceeded();
}
