import { ofMember, type Resources, type Schedule } from '@rivergate/service';
import { personalTokens } from '../../migrations/0014_personal_tokens.ts';
import type { IdentityTools } from '../endpoint.ts';
import { createOrganizationToken } from './create-organization-token.ts';
import { createToken } from './create-token.ts';
import { listOrganizationTokens } from './list-organization-tokens.ts';
import { listTokens } from './list-tokens.ts';
import { revokeOrganizationToken } from './revoke-organization-token.ts';
import { revokeToken } from './revoke-token.ts';
import { tokenState } from './token-state.ts';
import { forgetEndedTokens } from './token-store.ts';
import { tokensOfFormerMembers } from './tokens-of-former-members.ts';
import { updateToken } from './update-token.ts';

export const tag = 'Tokens';
export const endpoints = [
  createToken,
  listTokens,
  updateToken,
  revokeToken,
  createOrganizationToken,
  listOrganizationTokens,
  revokeOrganizationToken,
  tokenState,
];
export const migrations = [personalTokens];
export const consumers = (tools: Resources) => [tokensOfFormerMembers(tools)];
export const schedules: Schedule<IdentityTools>[] = [
  { name: 'forget ended tokens', every: 21_600, run: ({ knex }) => forgetEndedTokens(knex) },
];
export const personalData = [
  ofMember(
    'personal_tokens',
    ['id', 'organization_id', 'name', 'scopes', 'created_at', 'expires_at', 'last_used_at', 'revoked_at'],
    { pagedBy: 'id', restricted: true },
  ),
];
