import type { Knex } from 'knex';

/** On which trusted device a session was opened: policies of organizations ask for that. */
export const sessionsOnTrustedDevices = {
  name: '0059_sessions_on_trusted_devices',
  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      alter table sessions add column trusted_device_id bigint references trusted_devices on delete set null;
      create index on sessions (trusted_device_id) where trusted_device_id is not null;
      update sessions set trusted_device_id = trusted_devices.id from trusted_devices
        where trusted_devices.session_id = sessions.id and trusted_devices.activated_at is not null;
    `);
  },
};
