import type { ServiceName } from '@rivergate/service';
import { coverage } from '../coverage/table.ts';

const OWNS: Record<ServiceName, string> = {
  identity: 'accounts, login, sessions, the keys that sign access tokens',
  organization: 'organizations, members, invitations, workspaces, roles, the audit log as people read it',
  sso: 'SAML and OIDC sign-in, SCIM',
  'data-source': 'connections and their credentials',
  orchestration: 'connectors, catalog, query execution, lineage',
  policy: 'row filters, masks, limits: what a query may see',
  storage: 'files, quotas, vectors',
  staging: 'tables and queries as chunks',
  prompt: 'natural language to governed SQL',
};

/** What each service owns, and how many of the endpoints that it is to have stand today. */
export function serviceTable(): string {
  const rows = coverage();
  const lines = Object.entries(OWNS).map(([service, owns]) => {
    const planned = rows.filter(row => row.service === service);
    return `| ${service} | ${owns} | ${planned.filter(row => row.declared).length} of ${planned.length} |`;
  });
  return ['| service | owns | endpoints |', '| --- | --- | --- |', ...lines].join('\n');
}
