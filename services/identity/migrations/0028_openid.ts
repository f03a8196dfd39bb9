import type { Knex } from 'knex';

/** What OpenID Connect adds to applications, grants and tokens, and keys of a second algorithm. */
export const openid = {
  name: '0028_openid',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      alter table signing_keys add column alg text not null default 'ES256';

      alter table oauth_applications
        add column id_token_signed_response_alg text not null default 'ES256',
        add column post_logout_redirect_uris text[] not null default '{}';

      alter table oauth_grants
        -- beside scopes, which alone say what may be done at the API
        add column identity_scopes text[] not null default '{}',
        add column nonce text,
        add column acr text,
        -- names of claims that were asked for one by one: {"id_token": [], "userinfo": []}
        add column claims jsonb;

      alter table oauth_tokens add column identity_scopes text[] not null default '{}';
    `);
  },
};
