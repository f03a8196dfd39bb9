import { getMemberPrincipal } from './get-member-principal.ts';
import { getStartingPoint } from './get-starting-point.ts';
import { listMemberships } from './list-memberships.ts';

export const endpoints = [getMemberPrincipal, listMemberships, getStartingPoint];
