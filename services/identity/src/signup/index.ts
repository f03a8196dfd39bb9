import { ofUser, type Schedule } from '@rivergate/service';
import { proofs } from '../../migrations/0003_proofs.ts';
import { mails } from '../../migrations/0006_mails.ts';
import { wrongCodes } from '../../migrations/0008_wrong_codes.ts';
import { mailClaims } from '../../migrations/0013_mail_claims.ts';
import { byAddress } from '../accounts/by-address.ts';
import type { IdentityTools } from '../endpoint.ts';
import { purgeUnverified } from './purge-unverified.ts';
import { resendSignupOtp } from './resend-signup-otp.ts';
import { signup } from './signup.ts';
import { verifyEmail } from './verify-email.ts';
import { verifyOtp } from './verify-otp.ts';
import { dropOldWrongCodes } from './wrong-code-store.ts';

export const tag = 'Authentication';
export const endpoints = [signup, resendSignupOtp, verifyOtp, verifyEmail];
export const migrations = [proofs, mails, wrongCodes, mailClaims];
export const schedules: Schedule<IdentityTools>[] = [
  { name: 'purge unverified accounts', every: 3_600, run: ({ knex }) => purgeUnverified(knex) },
  { name: 'drop old wrong codes', every: 3_600, run: ({ knex }) => dropOldWrongCodes(knex) },
];
export const personalData = [
  ofUser('address_verifications', []),
  ofUser('terms_acceptances', ['terms_version', 'ip_address', 'accepted_at']),
  byAddress('wrong_codes', 'subject'),
];
