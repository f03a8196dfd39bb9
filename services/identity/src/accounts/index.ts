import { accounts } from '../../migrations/0001_accounts.ts';
import { accountsForMembers } from '../../migrations/0040_accounts_for_members.ts';
import { createAccount } from './create-account.ts';
import { personalData } from './personal-data.ts';
import { withdrawAccount } from './withdraw-account.ts';

export const endpoints = [createAccount, withdrawAccount];
export const migrations = [accounts, accountsForMembers];
export { personalData };
