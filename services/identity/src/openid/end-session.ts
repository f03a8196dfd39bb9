import { error } from '@rivergate/endpoint';
import type { Knex } from 'knex';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import type { SigningKeys } from '../keys/signing-keys.ts';
import { UnknownClient, UnregisteredRedirectUri } from '../oauth/answer-consent-as-json.ts';
import { type Client, clientById } from '../oauth/client-store.ts';
import { withQuery } from '../oauth/redirect-back.ts';
import { brandingOfClient, OrganizationBranding } from '../organizations/branding.ts';
import { endSessions } from '../sessions/end-sessions.ts';
import { authenticationIn } from './authentication.ts';
import { type Hint, verifiedHint } from './id-token.ts';

const InvalidLogoutRequest = error(
  'INVALID_LOGOUT_REQUEST',
  400,
  'client_id differs from the ID token, or neither of them says where post_logout_redirect_uri belongs',
);

const Request = z.object({
  id_token_hint: z
    .string()
    .max(8_192)
    .optional()
    .meta({
      description: 'An ID token issued here, expired or not',
      examples: ['eyJhbGciOiJFUzI1NiJ9.e30.c2ln'],
    }),
  client_id: z
    .string()
    .max(255)
    .optional()
    .meta({ examples: ['5f0c1c0e-3f43-4a5e-9a51-6a7b1c2d3e4f'] }),
  post_logout_redirect_uri: z
    .string()
    .max(2_000)
    .optional()
    .meta({ description: 'One that is registered, to the letter', examples: ['https://app.example.com/'] }),
  state: z
    .string()
    .max(4_000)
    .optional()
    .meta({ description: 'Comes back unchanged', examples: ['af0ifjsldkj'] }),
  confirmed: z.boolean().meta({ description: 'Whether the user was asked; until then nothing ends' }),
});

/** What the page at end_session_endpoint asks (OpenID Connect RP-Initiated Logout 1.0, section 2). */
export const endSession = endpoint(
  {
    operation: 'endOauthSession',
    method: 'post',
    path: '/api/v1/oauth/end-session',
    summary: 'Sign a user out because an OAuth client asks for it',
    description:
      'Ends the session of the access token, where one is sent, and the one in which the user of the ID token signed in, ' +
      'unless that is somebody else. Everything is checked before the user is asked.',
    caller: 'public',
    bearer: 'optional',
    beforeEnrolment: true,
    anyNetwork: true,
    body: Request,
    answer: z.object({
      app_name: z
        .string()
        .nullable()
        .meta({ examples: ['Warehouse dashboard'] }),
      branding: OrganizationBranding,
      signed_in: z.boolean().meta({ description: 'Whether there is, or was until now, a session to end' }),
      redirect_url: z
        .string()
        .nullable()
        .meta({
          description: 'Where to go afterwards',
          examples: ['https://app.example.com/?state=af0ifjsldkj'],
        }),
    }),
    errors: [UnknownClient, UnregisteredRedirectUri, InvalidLogoutRequest],
    idempotency: false,
  },
  async ({ body, caller, db, emit, keys, settings }) => {
    const hint = await hintOf(body.id_token_hint, settings.publicUrl, keys);
    const client = await clientOf(db, hint, body);
    const redirectUrl = afterwards(client, body);
    const sessions = await sessionsToEnd(db, caller, hint);
    if (body.confirmed) for (const session of sessions) await endSessions({ db, emit }, session, 'logout');
    return {
      app_name: client?.name ?? null,
      branding: client ? await brandingOfClient(db, client, settings.publicUrl) : null,
      signed_in: sessions.length > 0,
      redirect_url: redirectUrl,
    };
  },
);

/** One that cannot be verified any more says nothing: the user is asked all the same. */
async function hintOf(token: string | undefined, issuer: string, keys: SigningKeys) {
  return token === undefined ? undefined : verifiedHint(token, { issuer, keys });
}

type Asked = z.infer<typeof Request>;

async function clientOf(db: Knex, hint: Hint | undefined, { client_id }: Asked): Promise<Client | undefined> {
  if (hint && client_id !== undefined && hint.aud !== client_id) throw InvalidLogoutRequest();
  const named = hint?.aud ?? client_id;
  if (named === undefined) return undefined;
  const client = await clientById(db, named);
  if (!client) throw UnknownClient();
  return client;
}

function afterwards(client: Client | undefined, { post_logout_redirect_uri, state }: Asked): string | null {
  if (post_logout_redirect_uri === undefined) return null;
  if (!client) throw InvalidLogoutRequest();
  if (!client.post_logout_redirect_uris.includes(post_logout_redirect_uri)) throw UnregisteredRedirectUri();
  return state === undefined ? post_logout_redirect_uri : withQuery(post_logout_redirect_uri, { state });
}

async function sessionsToEnd(
  db: Knex,
  caller: { userId: number | null; sessionId: number | null },
  hint: Hint | undefined,
): Promise<{ userId: number; sessionId: number }[]> {
  const own = caller.sessionId;
  const user = caller.userId ?? Number(hint?.sub);
  const hinted = hint?.sid !== undefined && hint.sub === String(user) ? Number(hint.sid) : null;
  const found: { userId: number; sessionId: number }[] = [];
  for (const sessionId of new Set([own, hinted])) {
    const active = sessionId === null ? undefined : await authenticationIn(db, sessionId);
    if (sessionId !== null && active?.user_id === user) found.push({ userId: user, sessionId });
  }
  return found;
}
