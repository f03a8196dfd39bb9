/** Permissions that a user holds in some workspaces of an organization. Workspaces with the same ones stand together. */
export type WorkspaceGrant = { workspaceIds: readonly number[]; permissions: readonly string[] };

/** What of the grants is held in one workspace. */
export function grantsIn(
  grants: readonly WorkspaceGrant[],
  workspaceId: number | null,
): readonly WorkspaceGrant[] {
  if (workspaceId === null) return [];
  return grants
    .filter(({ workspaceIds }) => workspaceIds.includes(workspaceId))
    .map(({ permissions }) => ({ workspaceIds: [workspaceId], permissions }));
}
