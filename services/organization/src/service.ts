import { defineService } from '@rivergate/service';
import * as access from './access/index.ts';
import * as audit from './audit/index.ts';
import * as auditShipping from './audit-shipping/index.ts';

import * as branding from './branding/index.ts';
import * as deletion from './deletion/index.ts';
import * as domains from './domains/index.ts';
import type { OrganizationTools } from './endpoint.ts';
import * as erasure from './erasure/index.ts';
import * as personExport from './export/index.ts';
import * as invitations from './invitations/index.ts';
import * as joining from './joining/index.ts';
import * as members from './members/index.ts';
import * as merge from './merge/index.ts';
import * as organizations from './organizations/index.ts';
import { lockOrganization } from './organizations/organization-store.ts';
import * as ownership from './ownership/index.ts';
import * as people from './people/index.ts';
import { personalDataPolicy } from './people/personal-data.ts';
import * as permissions from './permissions/index.ts';
import * as personal from './personal/index.ts';
import * as provisioning from './provisioning/index.ts';
import * as roles from './roles/index.ts';
import * as settings from './settings/index.ts';
import * as ssoRequirement from './sso-requirement/index.ts';
import { organizationTools } from './tools.ts';
import * as users from './users/index.ts';
import * as webhooks from './webhooks/index.ts';
import * as workspaces from './workspaces/index.ts';
import * as organizationWorkspaces from './workspaces/of-organization.ts';

/** Organizations, members, invitations, workspaces, roles and permissions. */
export const organization = defineService<OrganizationTools>({
  name: 'organization',
  modules: [
    organizations,
    deletion,
    ownership,
    settings,
    ssoRequirement,
    branding,
    members,
    invitations,
    domains,
    joining,
    organizationWorkspaces,
    workspaces,
    roles,
    permissions,
    audit,
    auditShipping,
    webhooks,
    users,
    provisioning,
    personExport,
    erasure,
    merge,
    personal,
    access,
    // What it holds on people goes last: the others find theirs by it.
    people,
  ],
  personalData: personalDataPolicy,
  tools: organizationTools,
  lockMemberships: lockOrganization,
});
