import {
  type Field,
  type GuideProtocol,
  type Step,
  type ValueName,
  Vendor,
  type VendorGuides,
} from './guide.ts';
import { type Subject, type Values, valuesOf } from './values.ts';
import { adfs } from './vendors/adfs.ts';
import { entra } from './vendors/entra.ts';
import { google } from './vendors/google.ts';
import { jumpcloud } from './vendors/jumpcloud.ts';
import { keycloak } from './vendors/keycloak.ts';
import { okta } from './vendors/okta.ts';
import { onelogin } from './vendors/onelogin.ts';

/** Of these the answers of the endpoint are made, and the page docs/sso-guides.md. */
export const GUIDES: Record<Vendor, VendorGuides> = {
  entra,
  adfs,
  okta,
  google,
  keycloak,
  onelogin,
  jumpcloud,
};

export const VENDORS = Vendor.options;

const PROTOCOL_NAMES: Record<GuideProtocol, string> = {
  saml: 'SAML 2.0',
  oidc: 'OpenID Connect',
  scim: 'SCIM 2.0',
};

/** The guides of a vendor with the values of a provider filled in; null where there is none. */
export function guidesFor(vendor: Vendor, subject: Subject, publicUrl: string) {
  const { name, scim, [subject.provider_type]: signIn } = GUIDES[vendor];
  const values = valuesOf(publicUrl, subject);
  const guide = (protocol: GuideProtocol, { steps }: { steps: readonly Step[] }) => ({
    title: `${name}: ${PROTOCOL_NAMES[protocol]}`,
    steps: filled(steps, values),
  });
  return {
    signIn: signIn ? { ...guide(subject.provider_type, signIn), attribute_mapping: signIn.mapping } : null,
    provisioning: scim ? guide('scim', scim) : null,
  };
}

/** Without the fields for which the provider has no value, and without steps of nothing else. */
function filled(steps: readonly Step[], values: Values) {
  return steps.flatMap(({ text, fields = [], settings = {} }) => {
    const known = fields.flatMap(field => filledField(field, values));
    if (fields.length > 0 && known.length === 0) return [];
    const asked = Object.entries(settings).map(([name, source]) => ({ name, source }));
    return [{ text, fields: known, settings: asked }];
  });
}

function filledField(
  field: Field,
  values: Values,
): { label: string; name: ValueName | null; value: string }[] {
  const { label } = field;
  if ('choice' in field) return [{ label, name: null, value: field.choice }];
  const value = values[field.value];
  return value === undefined ? [] : [{ label, name: field.value, value }];
}
