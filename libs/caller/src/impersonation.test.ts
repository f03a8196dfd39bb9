import { describe, expect, it } from 'vitest';
import { type Membership, mayImpersonate } from './index.ts';

const member = (permissions: string[] = [], more: Partial<Membership> = {}): Membership => ({
  member: true,
  isAdmin: false,
  permissions,
  workspaces: [],
  plan: 'enterprise',
  ...more,
});
const admin = member(['*'], { isAdmin: true });
const nobody = member([], { member: false });
const support = member(['user.impersonate', 'storage.read']);
const within = (workspaceIds: number[], permissions: string[]) =>
  member([], { workspaces: [{ workspaceIds, permissions }] });

describe('somebody acts in the name of a member', () => {
  it.each<[string, Membership, Membership]>([
    ['as an administrator, whatever the member may do', admin, member(['storage.write', 'user.impersonate'])],
    ['as an administrator, of another one', admin, admin],
    [
      'as an administrator, whatever the member may do in workspaces',
      admin,
      within([1, 2], ['storage.write']),
    ],
    ['who holds the permission and all that the member holds', support, member(['storage.read'])],
    [
      'who holds organization-wide what the member holds in workspaces',
      support,
      within([1, 2], ['storage.read']),
    ],
    [
      'who holds it in the same workspaces',
      member(['user.impersonate'], {
        workspaces: [
          { workspaceIds: [1], permissions: ['storage.write'] },
          { workspaceIds: [2, 3], permissions: ['storage.write', 'storage.read'] },
        ],
      }),
      within([1, 2], ['storage.write']),
    ],
    [
      'who holds nothing but the permission, of one who holds nothing',
      member(['user.impersonate']),
      member(),
    ],
  ])('%s', (_, administrator, other) => {
    expect(mayImpersonate(administrator, other)).toBe(true);
  });
});

describe('nobody acts in the name of a member', () => {
  it.each<[string, Membership, Membership]>([
    ['without the permission', member(['storage.read']), member()],
    ['who may more', support, member(['storage.read', 'storage.write'])],
    ['who administers the organization, without doing so', support, admin],
    ['who may everything by a role, without being called an administrator', support, member(['*'])],
    ['who may more in a workspace', support, within([1], ['storage.read', 'storage.write'])],
    [
      'who may the same in one workspace more',
      member(['user.impersonate'], {
        workspaces: [{ workspaceIds: [1, 2], permissions: ['storage.write'] }],
      }),
      within([1, 2, 3], ['storage.write']),
    ],
    [
      'by the permission in a workspace alone',
      member([], { workspaces: [{ workspaceIds: [1], permissions: ['user.impersonate'] }] }),
      member(),
    ],
    ['who is no member', admin, nobody],
    ['without being a member', { ...admin, member: false }, member()],
  ])('%s', (_, administrator, other) => {
    expect(mayImpersonate(administrator, other)).toBe(false);
  });

  it('and of thousands of workspaces it is decided at once', () => {
    const ids = Array.from({ length: 20_000 }, (_, index) => index + 1);
    const grant = { workspaceIds: ids, permissions: ['storage.read', 'storage.write'] };
    const began = performance.now();
    expect(
      mayImpersonate(member(['user.impersonate'], { workspaces: [grant] }), within(ids, grant.permissions)),
    ).toBe(true);
    expect(performance.now() - began).toBeLessThan(500);
  });
});
