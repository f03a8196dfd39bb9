import { openidAddresses } from '../providers/address.ts';
import type { AttributeMapping, ProviderType } from '../providers/provider.ts';
import { serviceProviderOf } from '../providers/saml-parties.ts';
import { baseOf } from '../scim/answer.ts';
import type { ValueFor, ValueName } from './guide.ts';

export interface Subject {
  id: number;
  provider_type: ProviderType;
  attribute_mapping: AttributeMapping;
}

export type Values = Partial<Record<ValueName, string | undefined>>;

/** What is filled into the guides of a provider; what it has not got is undefined. */
export function valuesOf(
  publicUrl: string,
  { id, provider_type, attribute_mapping: mapping }: Subject,
): Values {
  return {
    ...(provider_type === 'saml' ? samlValues(publicUrl, id) : oidcValues(publicUrl, id)),
    scim_base_url: baseOf(publicUrl),
    email_attribute: mapping.email,
    name_attribute: mapping.name,
    given_name_attribute: mapping.given_name,
    family_name_attribute: mapping.family_name,
    groups_attribute: mapping.groups,
  };
}

function samlValues(publicUrl: string, id: number): Record<ValueFor<'saml'>, string> {
  const { entityId, assertionConsumerUrl, logoutUrl } = serviceProviderOf(publicUrl, id, []);
  return {
    entity_id: entityId,
    // The entity ID is a URL where the metadata is.
    metadata_url: entityId,
    acs_url: assertionConsumerUrl,
    acs_url_pattern: `^${assertionConsumerUrl.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}$`,
    slo_url: logoutUrl,
  };
}

const oidcValues = (publicUrl: string, id: number): Record<ValueFor<'oidc'>, string> =>
  openidAddresses(publicUrl, id);
