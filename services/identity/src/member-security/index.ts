import { listMemberSecurity } from './list-member-security.ts';
import { listProvenSignIns } from './list-proven-sign-ins.ts';

export const endpoints = [listMemberSecurity, listProvenSignIns];
