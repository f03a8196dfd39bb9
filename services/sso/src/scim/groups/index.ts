import { createGroup } from './create-group.ts';
import { deleteGroup } from './delete-group.ts';
import { getGroup } from './get-group.ts';
import { listGroups } from './list-groups.ts';
import { patchGroup } from './patch-group.ts';
import { replaceGroup } from './replace-group.ts';
import { searchGroups } from './search-groups.ts';

export const tag = 'SCIM';
export const endpoints = [
  listGroups,
  createGroup,
  searchGroups,
  getGroup,
  replaceGroup,
  patchGroup,
  deleteGroup,
];
