import { ofUser, type Schedule } from '@rivergate/service';
import { emailChanges } from '../../migrations/0020_email_changes.ts';
import type { IdentityTools } from '../endpoint.ts';
import { dropOldAddressChanges } from './address-change-store.ts';
import { dropOldEmailChanges } from './email-change-store.ts';
import { requestEmailChange } from './request-email-change.ts';
import { verifyEmailChange } from './verify-email-change.ts';

export const tag = 'Authentication';
export const endpoints = [requestEmailChange, verifyEmailChange];
export const migrations = [emailChanges];
export const schedules: Schedule<IdentityTools>[] = [
  { name: 'drop old email changes', every: 3_600, run: ({ knex }) => dropOldEmailChanges(knex) },
  { name: 'drop old address changes', every: 3_600, run: ({ knex }) => dropOldAddressChanges(knex) },
];
export const personalData = [
  ofUser('email_changes', ['new_email', 'expires_at']),
  ofUser('address_changes', ['old_email', 'new_email', 'changed_at']),
];
