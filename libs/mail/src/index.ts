export { escapeHtml, type Letter, letter } from './letter.ts';
export { type Mail, type Mailer, type MailerOptions, startMailer } from './mailer.ts';
export { addMailClaims, createMailTable } from './table.ts';
