import { Domain, displayText, error, Id, Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

export const ProviderNotFound = error(
  'PROVIDER_NOT_FOUND',
  404,
  'The organization has no such identity provider',
);
export const TooManyProviders = error(
  'TOO_MANY_PROVIDERS',
  409,
  'The organization has as many identity providers as it can',
);

/** Providers that an organization can have. */
export const MOST_PROVIDERS = 20;

export const ProviderType = z.enum(['saml', 'oidc']);
export type ProviderType = z.output<typeof ProviderType>;
export const ProviderStatus = z.enum(['active', 'inactive']);

export const Named = z.object({ provider_id: Id });

const Url = z.url({ protocol: /^https?$/ }).max(2_000);
export const LogoutBinding = z.enum(['redirect', 'post']);

const REACHED =
  'It must lead to addresses of the internet, over TLS, but for what the operator allows; credentials in it are refused';

/** The name of a claim (OpenID Connect) or of an attribute (SAML). */
const ClaimName = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\x00-\x1f\x7f]*$/, 'must not hold control characters')
  .meta({ examples: ['email'] });

export const AttributeMapping = z
  .object({
    email: ClaimName.optional(),
    name: ClaimName.optional(),
    given_name: ClaimName.optional(),
    family_name: ClaimName.optional(),
    picture: ClaimName.optional(),
    groups: ClaimName.optional(),
  })
  .meta({
    id: 'SsoAttributeMapping',
    description: 'Which claim or attribute of the provider each field comes from',
    examples: [{ email: 'email', name: 'displayName', groups: 'groups' }],
  });
export type AttributeMapping = z.output<typeof AttributeMapping>;

export const DEFAULT_MAPPING: Record<ProviderType, AttributeMapping> = {
  saml: { email: 'email', name: 'displayName' },
  oidc: { email: 'email', name: 'name', given_name: 'given_name', family_name: 'family_name' },
};

export const DEFAULT_SCOPES = ['openid', 'email', 'profile'];

export const GroupMapping = z.object({
  group: z
    .string()
    .min(1)
    .max(255)
    .meta({ description: 'As the provider names it', examples: ['Analysts'] }),
  role_id: Id,
  workspace_id: Id.nullable().default(null).meta({ description: 'Null: everywhere' }),
});
export type GroupMapping = z.output<typeof GroupMapping>;

/** A scope token (RFC 6749, section 3.3). */
const Scope = z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,100}$/, 'must be a scope');

export const EncryptAssertions = z.enum(['off', 'offered', 'required']);
export type EncryptAssertions = z.output<typeof EncryptAssertions>;

/** What an administrator sets, whichever the type. */
export const settings = {
  name: displayText(255).meta({ examples: ['Corporate SSO'] }),
  entity_id: z
    .string()
    .max(1_024)
    .regex(/^[A-Za-z][A-Za-z0-9+.-]*:\S+$/, 'must be a URI')
    .meta({ description: 'Of a SAML provider', examples: ['https://idp.example.com'] }),
  sso_url: Url.meta({
    description: `Of a SAML provider: where logins are asked for, by the HTTP-Redirect binding. ${REACHED}`,
    examples: ['https://idp.example.com/sso/saml'],
  }),
  slo_url: Url.nullable().meta({
    description: `Of a SAML provider: where logout requests go; null where it takes none. ${REACHED}`,
    examples: ['https://idp.example.com/slo/saml'],
  }),
  slo_response_url: Url.nullable().meta({
    description: `Of a SAML provider: where answers to its logout requests go, if not to slo_url. ${REACHED}`,
    examples: ['https://idp.example.com/slo/saml/response'],
  }),
  slo_binding: LogoutBinding.meta({
    description: 'Of a SAML provider: how logout messages go there, HTTP-Redirect or HTTP-POST',
    examples: ['redirect'],
  }),
  certificate: z
    .string()
    .min(1)
    .max(65_536)
    .meta({
      description:
        'Of a SAML provider: by which it signs, as base64 or PEM. Several PEM blocks are all trusted, which lets a change of ' +
        'certificates overlap',
    }),
  metadata_url: Url.nullable().meta({
    description: `Metadata of a SAML provider, from which entity_id, sso_url, the slo_ fields and certificate come as far as they are not given. ${REACHED}`,
    examples: ['https://idp.example.com/metadata'],
  }),
  metadata_refresh: z.boolean().meta({
    description:
      'Of a SAML provider: whether its metadata is read again by itself, about once an hour. Certificates that come and go ' +
      'beside one that stays are taken, and a sign-in URL at the same origin; anything else waits for an administrator. True where ' +
      'metadata_url is set without sso_url and certificate; false once one of these is set by hand, unless it is given',
  }),
  idp_initiated: z.boolean().meta({
    description:
      'Of a SAML provider: whether a login may begin there. Whom it signs in is then shown, and has to be confirmed',
  }),
  sign_requests: z.boolean().meta({
    description:
      'Of a SAML provider: whether login requests are signed. True also where its metadata asks for that when metadata_url is set',
  }),
  encrypt_assertions: EncryptAssertions.meta({
    description:
      'Of a SAML provider: whether it is to encrypt assertions, by AES-GCM and RSA-OAEP. `off`: the metadata of the platform has ' +
      'no key for that; `offered`: it has; `required`: it has, and an assertion that is not encrypted is refused',
  }),
  issuer: Url.meta({
    description: `Of an OpenID provider; its discovery document gives the endpoints and keys. ${REACHED}`,
    examples: ['https://login.example.com'],
  }),
  client_id: z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/, 'must be 1 to 255 printable ASCII characters')
    .meta({ description: 'Of an OpenID provider', examples: ['rivergate'] }),
  client_secret: z
    .string()
    .regex(/^[\x20-\x7e]{1,1024}$/, 'must be 1 to 1024 printable ASCII characters')
    .meta({
      description:
        'Of an OpenID provider; in no answer. Without it, the platform is a public client, with PKCE as always',
    }),
  scopes: z
    .array(Scope)
    .max(20)
    .refine(scopes => scopes.includes('openid'), 'must hold openid')
    .meta({ description: 'Asked of an OpenID provider', examples: [DEFAULT_SCOPES] }),
  attribute_mapping: AttributeMapping.strict(),
  domains: z
    .array(Domain)
    .max(100)
    .overwrite(domains => [...new Set(domains)])
    .meta({
      description:
        'Domains of the addresses that sign in here. One counts only while the organization has verified it',
      examples: [['example.com']],
    }),
  group_mappings: z
    .array(GroupMapping.strict())
    .max(500)
    .meta({
      description:
        'Roles by the groups that the provider names, set anew with each login; needs attribute_mapping.groups. None that the ' +
        'caller could not hand out',
    }),
};

/** What only one of the types has. */
export const FIELDS_OF = {
  saml: [
    'entity_id',
    'sso_url',
    'slo_url',
    'slo_response_url',
    'slo_binding',
    'certificate',
    'metadata_url',
    'metadata_refresh',
    'idp_initiated',
    'sign_requests',
    'encrypt_assertions',
  ],
  oidc: ['issuer', 'client_id', 'client_secret', 'scopes'],
} as const satisfies Record<ProviderType, readonly (keyof typeof settings)[]>;

/** What creating and changing one answers. */
export const ProviderInBrief = z.object({
  id: Id,
  name: settings.name,
  provider_type: ProviderType,
  status: ProviderStatus,
});

export const Provider = ProviderInBrief.extend({
  entity_id: settings.entity_id.nullable(),
  sso_url: settings.sso_url.nullable(),
  slo_url: settings.slo_url,
  slo_response_url: settings.slo_response_url,
  slo_binding: settings.slo_binding.nullable(),
  metadata_url: z
    .string()
    .nullable()
    .meta({ examples: ['https://idp.example.com/metadata'] }),
  metadata_refresh: settings.metadata_refresh.nullable(),
  idp_initiated: settings.idp_initiated.nullable(),
  sign_requests: settings.sign_requests.nullable(),
  encrypt_assertions: settings.encrypt_assertions.nullable(),
  issuer: settings.issuer.nullable(),
  client_id: settings.client_id.nullable(),
  scopes: settings.scopes.nullable(),
  attribute_mapping: AttributeMapping,
  domains: settings.domains,
  verified_domains: z.array(z.string()).meta({
    description: 'Those of the domains that count, since the organization has verified them',
    examples: [['example.com']],
  }),
  group_mappings: z.array(GroupMapping),
  certificate_fingerprint: z
    .string()
    .nullable()
    .meta({
      description: 'SHA-256 in hex, of the certificate that is good for longest',
      examples: ['6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b'],
    }),
  certificate_expires_at: Timestamp.nullable(),
  created_at: Timestamp,
  updated_at: Timestamp,
}).meta({ id: 'SsoProvider' });

/** What every event about a provider says of it. */
export const ofProvider = (provider: {
  id: number;
  organization_id: number;
  provider_type: ProviderType;
  name: string;
}) => ({
  provider_id: provider.id,
  organization_id: provider.organization_id,
  provider_type: provider.provider_type,
  name: provider.name,
});
