import { Id, spec, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

/** Members that one question is about at most. */
export const MOST_MEMBERS = 5_000;

/** Active members of an organization, by id; the next page begins after the last one. */
export const memberSecurity = spec({
  owner: 'identity',
  operation: 'listMemberSecurity',
  method: 'post',
  path: '/internal/organizations/:organization_id/member-security',
  summary: 'By what the members of an organization sign in',
  caller: 'internal',
  callers: ['sso'],
  safe: true,
  params: z.object({ organization_id: Id }),
  body: z.object({
    after: z.int().min(0).default(0),
    user_ids: z.array(Id).max(1_000).nullable().default(null).meta({ description: 'Null: all' }),
  }),
  answer: z.object({
    members: z.array(
      z.object({
        user_id: Id,
        email: z.string(),
        display_name: z.string(),
        mfa_enabled: z.boolean(),
        last_login_at: Timestamp.nullable(),
      }),
    ),
  }),
});

/** For who is let into an organization without its identity provider: that has to work. */
export const provenSignIns = spec({
  owner: 'identity',
  operation: 'listProvenSignIns',
  method: 'post',
  path: '/internal/proven-sign-ins',
  summary: 'Who has signed in here of late by two factors or a passkey, and still has these',
  caller: 'internal',
  callers: ['sso'],
  safe: true,
  body: z.object({ user_ids: z.array(Id).max(10) }),
  answer: z.object({ user_ids: z.array(Id) }),
});
