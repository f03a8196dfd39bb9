import { addMailClaims } from '@rivergate/mail';

/** Mails are sent outside of any transaction. */
export const mailClaims = { name: '0013_mail_claims', up: addMailClaims };
