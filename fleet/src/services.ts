import type { ServiceDefinition } from '@rivergate/service';
import { dataSource } from '@rivergate/service-data-source';
import { identity } from '@rivergate/service-identity';
import { orchestration } from '@rivergate/service-orchestration';
import { organization } from '@rivergate/service-organization';
import { policy } from '@rivergate/service-policy';
import { prompt } from '@rivergate/service-prompt';
import { sso } from '@rivergate/service-sso';
import { staging } from '@rivergate/service-staging';
import { storage } from '@rivergate/service-storage';

/** Every service's definition, for what looks at the fleet as a whole: coverage, acceptance tests. */
export const definitions = [
  identity,
  organization,
  sso,
  dataSource,
  orchestration,
  policy,
  storage,
  staging,
  prompt,
] as ServiceDefinition[];
