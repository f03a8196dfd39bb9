import type { Resources } from '@rivergate/service';
import { organizations } from '../../migrations/0001_organizations.ts';
import { mail } from '../../migrations/0002_mail.ts';
import { keepOrganizations } from './keep-organizations.ts';

export const migrations = [organizations, mail];
export const consumers = (tools: Resources) => [keepOrganizations(tools)];
