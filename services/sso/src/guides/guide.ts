import { z } from 'zod';
import type { AttributeMapping, FIELDS_OF, ProviderType, settings } from '../providers/provider.ts';

export const Vendor = z
  .enum(['entra', 'adfs', 'okta', 'google', 'keycloak', 'onelogin', 'jumpcloud'])
  .meta({ examples: ['okta'] });
export type Vendor = z.output<typeof Vendor>;

export type GuideProtocol = ProviderType | 'scim';

/** What the platform has a value for that a vendor's console asks for, and in the guides of which protocol. */
const VALUES = {
  saml: ['entity_id', 'acs_url', 'acs_url_pattern', 'slo_url', 'metadata_url'],
  oidc: ['redirect_uri', 'post_logout_redirect_uri', 'backchannel_logout_uri', 'initiate_login_uri'],
  scim: ['scim_base_url'],
  attributes: [
    'email_attribute',
    'name_attribute',
    'given_name_attribute',
    'family_name_attribute',
    'groups_attribute',
  ],
} as const;
export type ValueFor<Part extends keyof typeof VALUES> = (typeof VALUES)[Part][number];

export const ValueName = z.enum([...VALUES.saml, ...VALUES.oidc, ...VALUES.scim, ...VALUES.attributes]);
export type ValueName = z.output<typeof ValueName>;

export type Field<Name extends ValueName = ValueName> =
  /** Copied from here into the console. */
  | { label: string; value: Name }
  /** Chosen there, whichever the provider. */
  | { label: string; choice: string };

type Setting = keyof typeof settings;

export interface Step<Name extends ValueName = ValueName, Own extends Setting = Setting> {
  /** In Markdown: what the console shows in italics, what is typed as code. */
  text: string;
  fields?: readonly Field<Name>[];
  /** Settings of the provider here, and where the console has them. */
  settings?: Partial<Record<Own, string>>;
}

type SettingOf<Type extends ProviderType> = Exclude<
  Setting,
  (typeof FIELDS_OF)[Exclude<ProviderType, Type>][number]
>;

export interface SignInGuide<Type extends ProviderType = ProviderType> {
  steps: readonly Step<ValueFor<Type | 'attributes'>, SettingOf<Type>>[];
  /** The attribute_mapping that suits what the vendor sends. */
  mapping: AttributeMapping;
}

/** A vendor and its guides; of a protocol that is not there, there is none. */
export interface VendorGuides {
  name: string;
  saml?: SignInGuide<'saml'>;
  oidc?: SignInGuide<'oidc'>;
  scim?: { steps: readonly Step<ValueFor<'scim'>, never>[] };
}
