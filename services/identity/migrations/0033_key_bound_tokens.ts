import type { Knex } from 'knex';

/** Keys that clients prove to have (RFC 9449), by their thumbprints. */
export const keyBoundTokens = {
  name: '0033_key_bound_tokens',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      -- of an access token, and of the refresh token of a client that has no secret
      alter table oauth_tokens add column key_thumbprint text;
      -- of the key that the code is exchanged with, where the request for it named one
      alter table oauth_grants add column key_thumbprint text;
    `);
  },
};
