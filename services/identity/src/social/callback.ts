import { error, form, IpNotAllowed, redirect, SsoRequired } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint, type IdentityTools } from '../endpoint.ts';
import { AccountDisabled } from '../login/login-errors.ts';
import { InvalidProvider } from './errors.ts';
import { configured, type Returned } from './identify.ts';
import { finishSocialLogin, prepareSocialLogin } from './log-in.ts';
import { pageOf } from './page-state.ts';
import { ProviderName } from './provider-name.ts';
import { SocialLogin, type SocialTools } from './social-session.ts';

export const AuthorizationFailed = error(
  'OAUTH_AUTHORIZATION_FAILED',
  400,
  'The provider did not let you sign in; try again',
);
export const MissingAuthorizationCode = error(
  'MISSING_AUTHORIZATION_CODE',
  400,
  'The provider has sent neither a code nor an error',
);
export const InvalidState = error(
  'INVALID_STATE',
  400,
  'This sign-in was not begun here, or is finished or too old; begin anew',
);

const FIELDS = {
  code: z.string().max(8_192).optional(),
  state: z.string().max(2_048).optional(),
  iss: z.string().max(2_048).optional().meta({ description: 'Who issued the code (RFC 9207)' }),
  error: z.string().max(2_048).optional(),
  error_description: z.string().max(8_192).optional(),
};
const Callback = z.looseObject(FIELDS);
type CallbackInput = { provider: string; sent: z.output<typeof Callback>; user?: string | undefined };

const shared = {
  path: '/auth/oauth/:provider/callback',
  caller: 'public',
  params: z.object({ provider: ProviderName }),
  answer: SocialLogin,
  message: 'Signed in with GitHub',
  messageInData: true,
  redirects: { status: 303, to: 'own' },
  errors: [
    InvalidProvider,
    AuthorizationFailed,
    MissingAuthorizationCode,
    InvalidState,
    AccountDisabled,
    IpNotAllowed,
    SsoRequired,
  ],
} as const;

type Tools = Parameters<typeof prepareSocialLogin>[0] & Pick<IdentityTools, 'settings'>;

/** Checks in the order of the contract: provider, error, code, state. */
async function prepareCallback(tools: Tools, { provider, sent, user }: CallbackInput) {
  const { title } = configured(tools, provider);
  const page = pageOf(tools.settings.publicUrl, provider, sent);
  if (page !== undefined) return { page };
  if (sent.error) throw AuthorizationFailed(`${title} did not let you sign in; try again`);
  if (!sent.code) throw MissingAuthorizationCode();
  if (sent.state === undefined) throw InvalidState();
  const { code, state, iss } = sent;
  const returned: Returned = { code, state, issuer: iss ?? null, unsigned: user };
  const errors = { failed: AuthorizationFailed, invalidState: InvalidState };
  return { login: await prepareSocialLogin(tools, provider, returned, errors) };
}

type Prepared = Awaited<ReturnType<typeof prepareCallback>>;

const finishCallback = async ({ prepared, ...tools }: SocialTools & { prepared: Prepared }) =>
  prepared.login ? finishSocialLogin(tools, prepared.login, AuthorizationFailed) : redirect(prepared.page);

export const callback = endpoint(
  {
    ...shared,
    operation: 'finishSocialLogin',
    method: 'get',
    summary: 'Social callback, login or signup',
    description:
      'Where the provider sends the browser. Parameters that it adds are ignored. A state that begins with `page.` is one of ' +
      "the platform's own page, where the browser is sent on with the code as it is.",
    writes: true,
    query: Callback,
  },
  {
    prepare: ({ params, query, ...tools }) =>
      prepareCallback(tools, { provider: params.provider, sent: query }),
    handle: finishCallback,
  },
);

export const postedCallback = endpoint(
  {
    ...shared,
    operation: 'finishPostedSocialLogin',
    method: 'post',
    summary: 'Social callback of a provider that posts it as a form',
    accepts: [form({ oauth: true })],
    body: z.object({
      ...FIELDS,
      user: z.string().max(8_192).optional().meta({ description: 'JSON with the name; from Apple, once' }),
    }),
    idempotency: false,
  },
  {
    prepare: ({ params, body, ...tools }) =>
      prepareCallback(tools, { provider: params.provider, sent: body, user: body.user }),
    handle: finishCallback,
  },
);
