import type { Knex } from 'knex';

/** Keys by which clients prove themselves (RFC 7523), and clients whose tokens are always bound to one (RFC 9449). */
export const clientKeys = {
  name: '0043_client_keys',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      alter table oauth_applications
        -- public keys (RFC 7517, section 5), or where they are fetched
        add column jwks jsonb,
        add column jwks_uri text,
        -- RFC 9449, section 5.2
        add column dpop_bound_access_tokens boolean not null default false,
        drop constraint oauth_applications_token_endpoint_auth_method_check,
        add constraint oauth_applications_token_endpoint_auth_method_check check (
          token_endpoint_auth_method in ('none', 'client_secret_basic', 'client_secret_post', 'private_key_jwt')
        ),
        drop constraint oauth_applications_check,
        add constraint oauth_applications_secret_check check (
          (secret_hash is null) = (coalesce(token_endpoint_auth_method, '') in ('none', 'private_key_jwt'))
        ),
        add constraint oauth_applications_keys_check check (
          num_nonnulls(jwks, jwks_uri)
            = (coalesce(token_endpoint_auth_method, '') = 'private_key_jwt')::int
        );
    `);
  },
};
