import { keepMembers } from '../keep-members.ts';
import { createUser } from './create-user.ts';
import { deleteUser } from './delete-user.ts';
import { getUser } from './get-user.ts';
import { listUsers } from './list-users.ts';
import { patchUser } from './patch-user.ts';
import { replaceUser } from './replace-user.ts';
import { searchUsers } from './search-users.ts';

export const tag = 'SCIM';
export const endpoints = [listUsers, createUser, searchUsers, getUser, replaceUser, patchUser, deleteUser];
export const consumers = () => [keepMembers];
export { personalData } from './personal-data.ts';
