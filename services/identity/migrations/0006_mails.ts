import { createMailTable } from '@rivergate/mail';

/** Mails that wait to go out. */
export const mails = { name: '0006_mails', up: createMailTable };
