import { oauthApplications } from '../../migrations/0018_oauth_applications.ts';
import { oauthClients } from '../../migrations/0030_oauth_clients.ts';
import { whatSessionsMadeForOrganizations } from '../../migrations/0048_what_sessions_made_for_organizations.ts';
import { createApplication } from './create-application.ts';
import { deleteApplication } from './delete-application.ts';
import { getApplication } from './get-application.ts';
import { listApplications } from './list-applications.ts';
import { replaceSecret } from './replace-secret.ts';
import { revokeApplication } from './revoke-application.ts';
import { updateApplication } from './update-application.ts';

export const tag = 'OAuth applications';
export const endpoints = [
  createApplication,
  listApplications,
  getApplication,
  updateApplication,
  deleteApplication,
  replaceSecret,
  revokeApplication,
];
export const migrations = [oauthApplications, oauthClients, whatSessionsMadeForOrganizations];
