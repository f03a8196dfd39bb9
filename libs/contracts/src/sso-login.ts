import { Id, spec, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { UserNotFound } from './identity.ts';

const SsoLogin = z.object({
  organization_id: Id,
  provider_id: Id,
  login_id: z.string().meta({ description: 'As sso named the sign-in' }),
});

/**
 * What a sign-in at an organization's identity provider comes to: a code that the browser which began it trades in for a
 * session at `POST /api/v1/auth/sso/login`, once and within a minute (RFC 7636 has the form of challenge and verifier). The
 * session acts in that organization alone. An account that nobody has verified is not found.
 */
export const createSsoLogin = spec({
  owner: 'identity',
  operation: 'createSsoLogin',
  method: 'post',
  path: '/internal/sso-logins',
  summary: 'Let a browser sign in whom an identity provider has authenticated',
  caller: 'internal',
  callers: ['sso'],
  body: z.object({
    user_id: Id,
    organization_id: Id,
    provider_id: Id,
    login_id: z.string().max(100).meta({
      description: 'By which the event of the end of this sign-in at its provider names the session',
    }),
    methods: z
      .array(z.string().max(40))
      .max(10)
      .meta({ description: 'How the provider authenticated (RFC 8176), beside `fed`' }),
    code_challenge: z
      .string()
      .regex(/^[\w-]{43}$/)
      .nullable()
      .meta({
        description:
          'S256 of the verifier that the browser keeps; null for a sign-in that the provider began',
      }),
    expires_at: Timestamp.nullable().meta({ description: 'When the provider wants the session to end' }),
  }),
  answer: z.object({ code: z.string(), expires_in: z.int().meta({ description: 'Seconds' }) }),
  status: 201,
  errors: [UserNotFound],
});

/** Which sign-in at an identity provider opened the session of the caller. */
export const ssoLoginOfSession = spec({
  owner: 'identity',
  operation: 'findSsoLoginOfSession',
  method: 'get',
  path: '/internal/session/sso-login',
  summary: 'By which sign-in at an identity provider the session of the caller was opened',
  caller: 'internal',
  callers: ['sso'],
  onBehalfOf: 'user',
  session: true,
  answer: z.object({ login: SsoLogin.nullable() }),
});

/** What `POST /api/v1/auth/logout` does, for a logout that goes on at an identity provider. */
export const logOutSession = spec({
  owner: 'identity',
  operation: 'logOutSession',
  method: 'post',
  path: '/internal/session/logout',
  summary: 'End the session of the caller',
  caller: 'internal',
  callers: ['sso'],
  onBehalfOf: 'user',
  session: true,
  answer: z.object({ ended: z.boolean().meta({ description: 'False where it was over already' }) }),
});

/** Sign-ins that one question ends. */
export const MOST_ENDED_AT_ONCE = 100;

/**
 * Asked right after the sign-ins were forgotten, so that their sessions are over when the provider gets its answer; the event
 * of their end does the same later, where nobody could ask.
 */
export const endSsoSessions = spec({
  owner: 'identity',
  operation: 'endSsoSessions',
  method: 'post',
  path: '/internal/sso-logins/end',
  summary: 'End the sessions that sign-ins at an identity provider have opened',
  caller: 'internal',
  callers: ['sso'],
  body: z.object({
    organization_id: Id,
    logins: z.array(z.object({ user_id: Id, login_id: z.string().max(100) })).max(MOST_ENDED_AT_ONCE),
  }),
});
