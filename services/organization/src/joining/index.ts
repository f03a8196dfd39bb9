import { approveJoinRequest } from './approve-join-request.ts';
import { joinOrganization } from './join-organization.ts';
import { listJoinRequests } from './list-join-requests.ts';
import { listJoinableOrganizations } from './list-joinable.ts';
import { rejectJoinRequest } from './reject-join-request.ts';

export const tag = 'Organizations';
export const endpoints = [
  listJoinableOrganizations,
  joinOrganization,
  listJoinRequests,
  rejectJoinRequest,
  approveJoinRequest,
];
export { personalData } from './personal-data.ts';
