import { domains } from '../../migrations/0022_domains.ts';
import { claimDomain } from './claim-domain.ts';
import { deleteDomain } from './delete-domain.ts';
import { getDomain } from './get-domain.ts';
import { listDomains } from './list-domains.ts';
import { recheckDomains } from './recheck-domains.ts';
import { verifyDomain } from './verify-domain.ts';

export const tag = 'Organizations';
export const endpoints = [claimDomain, listDomains, getDomain, verifyDomain, deleteDomain];
export const migrations = [domains];
export const workers = [recheckDomains];
