import { largeOrganizations } from '../../migrations/0029_large_organizations.ts';
import { getMember } from './get-member.ts';
import { leaveOrganization } from './leave-organization.ts';
import { listMembers } from './list-members.ts';
import { removeMember } from './remove-member.ts';
import { updateMember } from './update-member.ts';

export const tag = 'Organizations';
export const migrations = [largeOrganizations];
export const endpoints = [listMembers, getMember, updateMember, removeMember, leaveOrganization];
export { personalData } from './personal-data.ts';
