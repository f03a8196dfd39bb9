import { randomBytes } from 'node:crypto';
import { acrossOrganizations } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import type { Work } from '../endpoint.ts';
import { foundOrganization } from '../organizations/found-organization.ts';
import { introduce } from '../people/people-store.ts';

const WORKSPACE_NAME = 'Default Workspace';

interface PersonalOrganization {
  organizationId: number;
  workspaceId: number;
}

/** Finds the personal organization of a user whose address is verified, or creates it. There is never a second. */
export async function ensurePersonal(
  work: Work,
  user: { userId: number; email: string; displayName: string },
): Promise<PersonalOrganization> {
  // Locks the user's row: the call and the event that ask for the same organization take turns.
  const person = await introduce(work.db, { ...user, verified: true });
  // Whose personal organization it is says the user, not an organization: the one question that spans them all.
  await acrossOrganizations(work.db);
  const existing = await findPersonal(work.db, user.userId);
  if (existing) return existing;
  for (const name of personalNames(person.display_name, user.userId)) {
    const founded = await foundOrganization(work, {
      name,
      domain: null,
      plan: 'individual',
      settings: {},
      workspaceName: WORKSPACE_NAME,
      administratorId: user.userId,
      source: 'signup',
      personal: true,
    });
    if (founded) return { organizationId: founded.organization.id, workspaceId: founded.workspace.id };
  }
  throw new Error(`No name was free for the personal organization of user ${user.userId}`);
}

async function findPersonal(db: Knex.Transaction, userId: number): Promise<PersonalOrganization | undefined> {
  const row = await db('organizations as o')
    .join('workspaces as w', 'w.organization_id', 'o.id')
    .where({ 'o.personal_user_id': userId, 'w.is_default': true })
    .first('o.id as organizationId', 'w.id as workspaceId');
  return row;
}

/** Names to try: the plain one, one that only a namesake with this very id could hold, one that nobody can guess. */
export function personalNames(displayName: string, userId: number): string[] {
  // Identity bounds the name for people to read; a control or format character must not travel into an organization's name.
  const shown =
    [
      ...displayName
        .replace(/\p{Cf}+/gu, '')
        .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
        .trim(),
    ]
      .slice(0, 60)
      .join('') || 'Personal';
  const plain = `${shown}'s organization`;
  return [plain, `${plain} ${userId}`, `${plain} ${randomBytes(6).toString('hex')}`];
}
