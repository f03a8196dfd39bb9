import { Id, spec, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { UserNotFound } from './identity.ts';

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
