import type { Knex } from 'knex';

/** Keys that sign access tokens. */
export const signingKeys = {
  name: '0004_signing_keys',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table signing_keys (
        kid text primary key,
        public_jwk jsonb not null,
        private_jwk_sealed text not null,
        -- Published from created_at, signs from signs_from until the next key does, published until published_until.
        created_at timestamptz not null default now(),
        signs_from timestamptz not null,
        published_until timestamptz
      );
    `);
  },
};
