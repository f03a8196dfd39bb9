import { describe, expect, it } from 'vitest';
import { anonymous, BUILT_IN_ROLES, holds, isPermission, PERMISSIONS } from './index.ts';

describe('the permission catalogue', () => {
  it('has the 26 codes of the contract and one of its own, each once and described', () => {
    expect(new Set(PERMISSIONS.map(entry => entry.code)).size).toBe(27);
    for (const entry of PERMISSIONS) {
      expect(`${entry.resource}.${entry.action}`).toBe(entry.code);
      expect(entry.description).not.toBe('');
    }
    expect(isPermission('workspace.read')).toBe(true);
    expect(isPermission('workspace.*')).toBe(false);
    expect(isPermission('toString')).toBe(false);
  });

  it('gives the developer all but deleting data sources', () => {
    const developer = BUILT_IN_ROLES.find(role => role.name === 'Developer');
    expect(developer?.permissions).toContain('staging.write');
    expect(developer?.permissions).toContain('policy.read');
    expect(developer?.permissions).not.toContain('data_source.delete');
    expect(developer?.permissions).not.toContain('workspace.write');
    expect(developer?.permissions).not.toContain('policy.write');
    expect(developer?.permissions).not.toContain('user.impersonate');
  });
});

describe('holds', () => {
  it('knows no wildcard but the whole', () => {
    const caller = { ...anonymous(), permissions: ['workspace.read', 'storage.*'] };
    expect(holds(caller, 'workspace.read')).toBe(true);
    expect(holds(caller, 'workspace.write')).toBe(false);
    expect(holds(caller, 'storage.read')).toBe(false);
    expect(holds({ ...caller, permissions: ['*'] }, 'storage.read')).toBe(true);
  });

  it('lets a system administrator pass', () => {
    expect(holds({ ...anonymous(), isSystemAdmin: true }, 'role.write')).toBe(true);
    expect(holds(anonymous(), 'role.write')).toBe(false);
  });
});
