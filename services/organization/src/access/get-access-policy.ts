import { accessPolicy } from '@rivergate/contracts';
import { endpoint } from '../endpoint.ts';
import { enterOrganization } from '../organizations/organization-store.ts';
import { networksOf } from '../settings/network.ts';
import { effectiveSettings } from '../settings/settings.ts';
import { exceptionsOf, ssoRequirementOf } from '../sso-requirement/sso-requirement-store.ts';

/** Asked by the gateway about an organization in which somebody acts, every few minutes and after each change. */
export const getAccessPolicy = endpoint(accessPolicy, async ({ params, db }) => {
  const { settings, attribute_policies } = await enterOrganization(db, params.organization_id);
  const { network, tokens, features } = effectiveSettings(settings);
  const sso = await ssoRequirementOf(db, params.organization_id);
  const makesTokens = features.personal_access_tokens;
  return {
    ip_allow_list: networksOf(network.ip_allow_list),
    personal_tokens: makesTokens && tokens.personal_tokens_allowed,
    personal_token_max_days: tokens.personal_token_max_days,
    organization_tokens: makesTokens && tokens.organization_tokens_allowed,
    oauth_applications: features.oauth_applications,
    sso: sso && { except_user_ids: exceptionsOf(sso), login_url: sso.login_url },
    attribute_policies,
  };
});
