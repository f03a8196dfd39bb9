import { accessPolicy } from '@rivergate/contracts';
import { endpoints } from '@rivergate/endpoint';

/** For a stand-in of organization: no organization keeps any request out. */
export const admitsEverything = endpoints()(accessPolicy, async () => ({
  ip_allow_list: [],
  personal_tokens: true,
  personal_token_max_days: null,
  organization_tokens: true,
  oauth_applications: true,
  sso: null,
  attribute_policies: false,
}));
