import { ClientSecretPost, Configuration, fetchProtectedResource } from 'openid-client';
import { z } from 'zod';
import { authorizationRequest, TIMEOUT, tokensFor, withoutTls } from '../client.ts';
import type { ProviderDeclaration } from '../provider.ts';

const User = z.object({
  id: z.int(),
  login: z.string(),
  name: z.string().nullish(),
  avatar_url: z.string().nullish(),
});
const Emails = z.array(z.object({ email: z.string(), primary: z.boolean(), verified: z.boolean() }));

/**
 * OAuth 2.0 without OpenID Connect: who signed in is asked for by the access token.
 * https://docs.github.com/apps/oauth-apps/building-oauth-apps/authorizing-oauth-apps
 */
export const github: ProviderDeclaration = {
  name: 'github',
  title: 'GitHub',
  configure({ clientId, redirectUri, required, address }) {
    const site = address('URL', 'https://github.com');
    const api = address('API_URL', 'https://api.github.com');
    const server = {
      issuer: site.href,
      authorization_endpoint: at(site, 'login/oauth/authorize').href,
      token_endpoint: at(site, 'login/oauth/access_token').href,
    };
    const configuration = new Configuration(
      server,
      clientId,
      undefined,
      ClientSecretPost(required('CLIENT_SECRET')),
    );
    configuration.timeout = TIMEOUT;
    for (const allow of withoutTls(site)) allow(configuration);

    async function read<Schema extends z.ZodType>(accessToken: string, path: string, schema: Schema) {
      const accept = new Headers({ accept: 'application/vnd.github+json' });
      const answer = await fetchProtectedResource(
        configuration,
        accessToken,
        at(api, path),
        'GET',
        null,
        accept,
      );
      return schema.parse(await answer.json());
    }

    return {
      name: 'github',
      title: 'GitHub',
      authorizationUrl(state, secrets) {
        const parameters = { scope: 'read:user user:email' };
        return authorizationRequest(configuration, redirectUri, { state, secrets, parameters });
      },
      async profileOf(grant) {
        // It publishes no metadata that would say under which name it issues codes.
        const anonymous = { ...grant, issuer: undefined };
        const { access_token: token } = await tokensFor(configuration, redirectUri, anonymous, false);
        const [user, emails] = await Promise.all([
          read(token, 'user', User),
          read(token, 'user/emails', Emails),
        ]);
        const verified = emails.filter(email => email.verified);
        return {
          subject: String(user.id),
          email: (verified.find(email => email.primary) ?? verified[0])?.email ?? null,
          displayName: user.name ?? user.login,
          pictureUrl: user.avatar_url ?? null,
        };
      },
    };
  },
};

/** A path below an address, which may have a path itself. */
function at(base: URL, path: string): URL {
  return new URL(path, base.href.endsWith('/') ? base : `${base.href}/`);
}
