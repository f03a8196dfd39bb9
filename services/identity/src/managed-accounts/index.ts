import type { Resources } from '@rivergate/service';
import { managedAccounts } from '../../migrations/0051_managed_accounts.ts';
import { changeManagedAccount } from './change-managed-account.ts';
import { findAccount } from './find-account.ts';
import { followOrganizations } from './follow-organizations.ts';
import { vouchForAccount } from './vouch-for-account.ts';

export const endpoints = [findAccount, vouchForAccount, changeManagedAccount];
export const migrations = [managedAccounts];
export const consumers = (tools: Resources) => [followOrganizations(tools)];
