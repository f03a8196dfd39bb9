import type { Resources } from '@rivergate/service';
import type { OrganizationTools } from '../../endpoint.ts';

/** What it takes to send to webhooks. */
export type SendingTools = Pick<OrganizationTools, 'knex' | 'mailer' | 'outbound' | 'secretBox' | 'appUrl'> &
  Pick<Resources, 'log'>;
