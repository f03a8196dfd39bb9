import type { Membership } from './access.ts';
import { holds, type Permission, workspacesWith } from './permission.ts';

/**
 * Whether somebody may act in the name of another member of the same organization: who holds `user.impersonate` there, and
 * everything that the other holds, so that nobody gains a right by it.
 */
export function mayImpersonate(administrator: Membership, member: Membership): boolean {
  if (!administrator.member || !member.member) return false;
  if (member.isAdmin && !administrator.isAdmin) return false;
  const own = { permissions: heldBy(administrator), isSystemAdmin: false };
  const covers = (code: string) => holds(own, code as Permission);
  return (
    covers('user.impersonate') &&
    heldBy(member).every(covers) &&
    member.workspaces.every(({ workspaceIds, permissions }) =>
      permissions.every(code => {
        if (covers(code)) return true;
        const within = new Set(workspacesWith(administrator, code as Permission));
        return workspaceIds.every(id => within.has(id));
      }),
    )
  );
}

const heldBy = ({ isAdmin, permissions }: Membership): readonly string[] => (isAdmin ? ['*'] : permissions);
