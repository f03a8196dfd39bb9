import { deletedOrganizations } from './deleted-organizations.ts';

export const consumers = () => [deletedOrganizations];
