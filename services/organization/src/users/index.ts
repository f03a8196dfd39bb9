import { users } from '../../migrations/0012_users.ts';
import { importUsers } from './bulk-import.ts';
import { bulkUpdateUsers, updatingUsers } from './bulk-update.ts';
import { createUser } from './create-user.ts';
import { deleteUser } from './delete-user.ts';
import { getImport } from './get-import.ts';
import { getUser } from './get-user.ts';
import { importingUsers } from './import-user.ts';
import { listUserActivity } from './list-user-activity.ts';
import { listUsers } from './list-users.ts';
import { searchUsers } from './search-users.ts';
import { updateUser } from './update-user.ts';
import { updateUserStatus } from './update-user-status.ts';

export const tag = 'User Management';
export const endpoints = [
  listUsers,
  createUser,
  searchUsers,
  getUser,
  updateUser,
  deleteUser,
  updateUserStatus,
  listUserActivity,
  bulkUpdateUsers,
  importUsers,
  getImport,
];
export const jobKinds = [updatingUsers, importingUsers];
export const migrations = [users];
export { personalData } from './personal-data.ts';
