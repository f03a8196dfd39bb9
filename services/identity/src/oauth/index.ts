import { ofMember, ofUser, type Resources, type Schedule } from '@rivergate/service';
import { oauthGrants } from '../../migrations/0019_oauth_grants.ts';
import { authenticationOfSessions } from '../../migrations/0023_authentication_of_sessions.ts';
import { oauthDevices } from '../../migrations/0032_oauth_devices.ts';
import { keyBoundTokens } from '../../migrations/0033_key_bound_tokens.ts';
import { clientKeys } from '../../migrations/0043_client_keys.ts';
import { whatSsoSessionsMade } from '../../migrations/0055_what_sso_sessions_made.ts';
import type { IdentityTools } from '../endpoint.ts';
import { answerConsentAsJson } from './answer-consent-as-json.ts';
import { appInfo } from './app-info.ts';
import { answerConsent, authorize } from './authorize-endpoint.ts';
import { clientOrigins } from './client-origins.ts';
import { answerDeviceRequest } from './device/answer-device-request.ts';
import { deviceAuthorization } from './device/device-authorization-endpoint.ts';
import { forgetDeviceRequests } from './device/device-request-store.ts';
import { findDeviceRequest } from './device/find-device-request.ts';
import { grantsOfFormerMembers } from './grants-of-former-members.ts';
import { introspect } from './introspect-endpoint.ts';
import { listConsents } from './list-consents.ts';
import { metadata, openidConfiguration } from './metadata.ts';
import { pushAuthorizationRequest } from './par-endpoint.ts';
import { postAnswer } from './posted-answer/post-answer.ts';
import { organizationProtectedResource, protectedResource } from './protected-resource.ts';
import { forgetPushed } from './pushed-request-store.ts';
import { revoke } from './revoke-endpoint.ts';
import { token } from './token-endpoint.ts';
import { forgetEndedTokens } from './token-store.ts';
import { withdrawConsent } from './withdraw-consent.ts';

export const tag = 'OAuth';
export const endpoints = [
  authorize,
  pushAuthorizationRequest,
  answerConsent,
  postAnswer,
  token,
  revoke,
  introspect,
  clientOrigins,
  appInfo,
  answerConsentAsJson,
  listConsents,
  withdrawConsent,
  metadata,
  protectedResource,
  organizationProtectedResource,
  openidConfiguration,
  deviceAuthorization,
  findDeviceRequest,
  answerDeviceRequest,
];
export const migrations = [
  oauthGrants,
  authenticationOfSessions,
  oauthDevices,
  keyBoundTokens,
  clientKeys,
  whatSsoSessionsMade,
];
export const consumers = (tools: Resources) => [grantsOfFormerMembers(tools)];
export const schedules: Schedule<IdentityTools>[] = [
  { name: 'forget ended OAuth tokens', every: 21_600, run: ({ knex }) => forgetEndedTokens(knex) },
  { name: 'forget pushed OAuth requests', every: 3_600, run: ({ knex }) => forgetPushed(knex) },
  { name: 'forget unanswered devices', every: 3_600, run: ({ knex }) => forgetDeviceRequests(knex) },
];
export const personalData = [
  ofMember('oauth_grants', ['id', 'application_id', 'organization_id', 'scopes', 'ended_at'], {
    pagedBy: 'id',
    restricted: true,
  }),
  ofUser('oauth_tokens', ['id', 'application_id', 'kind', 'scopes', 'created_at', 'expires_at'], {
    pagedBy: 'id',
  }),
];
