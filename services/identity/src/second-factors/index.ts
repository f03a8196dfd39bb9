import { ofUser, type Schedule } from '@rivergate/service';
import { secondFactors } from '../../migrations/0015_second_factors.ts';
import type { IdentityTools } from '../endpoint.ts';
import { createBackupCodes } from './create-backup-codes.ts';
import { deactivateMfa } from './deactivate-mfa.ts';
import { deleteTotpDevice } from './delete-totp-device.ts';
import { getBackupCodes } from './get-backup-codes.ts';
import { getMfaStatus } from './get-status.ts';
import { listTotpDevices } from './list-totp-devices.ts';
import { dropExpiredSetups } from './pending-setup-store.ts';
import { setupEmailOtp } from './setup-email-otp.ts';
import { setupTotp } from './setup-totp.ts';
import { updateTotpDevice } from './update-totp-device.ts';
import { verifyEmailOtp } from './verify-email-otp.ts';
import { verifyTotp } from './verify-totp.ts';

export const tag = 'Multi-Factor Authentication';
export const endpoints = [
  setupTotp,
  verifyTotp,
  listTotpDevices,
  updateTotpDevice,
  deleteTotpDevice,
  setupEmailOtp,
  verifyEmailOtp,
  createBackupCodes,
  getBackupCodes,
  getMfaStatus,
  deactivateMfa,
];
export const migrations = [secondFactors];
export const schedules: Schedule<IdentityTools>[] = [
  { name: 'drop expired setups', every: 3_600, run: ({ knex }) => dropExpiredSetups(knex) },
];
export const personalData = [
  ofUser('totp_devices', ['id', 'name', 'is_primary', 'created_at', 'last_used_at']),
  ofUser('email_factors', ['created_at', 'last_used_at']),
  ofUser('backup_codes', ['created_at', 'used_at']),
  ofUser('pending_logins', []),
  ofUser('pending_totp_setups', []),
  ofUser('pending_email_setups', []),
  ofUser('setup_tries', []),
];
