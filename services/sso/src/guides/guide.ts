import { z } from 'zod';
import type { AttributeMapping, settings } from '../providers/provider.ts';

export const Vendor = z
  .enum(['entra', 'adfs', 'okta', 'google', 'keycloak', 'onelogin', 'jumpcloud'])
  .meta({ examples: ['okta'] });
export type Vendor = z.output<typeof Vendor>;

export const GuideProtocol = z.enum(['saml', 'oidc', 'scim']);
export type GuideProtocol = z.output<typeof GuideProtocol>;

/** What the platform has a value for, that a vendor's console asks for. */
export const ValueName = z.enum([
  'entity_id',
  'acs_url',
  'acs_url_pattern',
  'slo_url',
  'metadata_url',
  'redirect_uri',
  'post_logout_redirect_uri',
  'backchannel_logout_uri',
  'initiate_login_uri',
  'scim_base_url',
  'email_attribute',
  'name_attribute',
  'given_name_attribute',
  'family_name_attribute',
  'groups_attribute',
]);
export type ValueName = z.output<typeof ValueName>;

export type Field =
  /** Copied from here into the console. */
  | { label: string; value: ValueName }
  /** Chosen there, whichever the provider. */
  | { label: string; choice: string };

export interface Step {
  /** In Markdown: what the console shows in italics, what is typed as code. */
  text: string;
  fields?: readonly Field[];
  /** Settings of the provider here, and where the console has them. */
  settings?: Partial<Record<keyof typeof settings, string>>;
}

export interface Guide {
  steps: readonly Step[];
  /** The attribute_mapping that suits what the vendor sends. */
  mapping: AttributeMapping;
}

/** A vendor and its guides; of a protocol that is not there, there is none. */
export interface VendorGuides {
  name: string;
  saml?: Guide;
  oidc?: Guide;
  scim?: Omit<Guide, 'mapping'>;
}
