import { membershipsOf } from '@rivergate/contracts';
import { countOf, Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';
import { CallerNotFound } from '../accounts/errors.ts';
import { endpoint } from '../endpoint.ts';
import { loginsOf } from '../login/login-history-store.ts';
import { brandingOfOrganization, OrganizationBranding } from '../organizations/branding.ts';
import { Method } from '../second-factors/method.ts';
import { methodsOf } from '../second-factors/methods.ts';
import { Impersonator } from '../sessions/impersonator.ts';
import { countActiveSessions } from '../sessions/session-store.ts';
import { socialAccountsOf } from '../social/social-account-store.ts';
import { addressesOf, profileOf } from './profile-store.ts';

const Document = z.record(z.string(), z.unknown());

const User = z
  .object({
    id: Id,
    display_name: z.string(),
    primary_email: z.string(),
    profile_image_url: z.string().nullable(),
    created_at: Timestamp,
    updated_at: Timestamp,
    is_system_admin: z.boolean(),
    disabled_at: Timestamp.nullable(),
    profile: Document,
    user_metadata: Document,
  })
  .meta({ id: 'User' });

const UserEmail = z
  .object({ email: z.string(), verified: z.boolean(), is_primary: z.boolean(), created_at: Timestamp })
  .meta({ id: 'UserEmail' });

const SecurityState = z
  .object({
    mfa_enabled: z.boolean(),
    mfa_methods: z.array(Method),
    social_accounts_count: z.int(),
    connected_providers: z.array(z.string().meta({ examples: ['github'] })),
    total_login_attempts: z.int(),
    active_sessions: z.int(),
  })
  .meta({ id: 'SecurityState' });

export const me = endpoint(
  {
    operation: 'getMe',
    method: 'get',
    path: '/auth/me',
    summary: 'Everything about the caller',
    caller: 'user',
    beforeEnrolment: true,
    impersonated: true,
    answer: membershipsOf.answer.extend({
      user: User,
      active_organization_id: Id.nullable().meta({ description: 'In which the session acts' }),
      impersonator: Impersonator,
      branding: OrganizationBranding,
      emails: z.array(UserEmail),
      security: SecurityState,
    }),
    errors: [CallerNotFound],
  },
  {
    prepare: ({ call }) => call(membershipsOf, {}),
    async handle({ caller, prepared, db, settings }) {
      const { userId } = caller;
      const user = await profileOf(db, userId);
      if (!user || user.disabled_at) throw CallerNotFound();
      const acting = caller.impersonator && (await profileOf(db, caller.impersonator.userId));
      const methods = await methodsOf(db, userId);
      const emails = await addressesOf(db, userId);
      const connected = await socialAccountsOf(db, userId);
      return {
        user: { ...user, primary_email: emails[0]!.email },
        active_organization_id: caller.organizationId,
        impersonator: acting ? { id: acting.id, display_name: acting.display_name } : null,
        branding: await brandingOfOrganization(db, caller.organizationId, settings.publicUrl),
        emails,
        ...prepared,
        security: {
          mfa_enabled: methods.length > 0,
          mfa_methods: methods,
          social_accounts_count: connected.length,
          connected_providers: connected.map(({ provider }) => provider),
          total_login_attempts: await countOf(loginsOf(db, userId)),
          active_sessions: await countActiveSessions(db, userId),
        },
      };
    },
  },
);
