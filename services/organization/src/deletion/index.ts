import { deleteOrganization } from './delete-organization.ts';
import { eraseOrganizations } from './erase-organizations.ts';
import { keepConfirmations } from './keep-confirmations.ts';
import { listDeletedOrganizations } from './list-deleted-organizations.ts';
import { restoreOrganization } from './restore-organization.ts';

export const tag = 'Organizations';
export const endpoints = [deleteOrganization, listDeletedOrganizations, restoreOrganization];
export const consumers = () => [keepConfirmations];
export const schedules = [eraseOrganizations];
