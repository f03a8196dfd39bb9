import { error } from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { requireOrganizationAccount } from '../organizations/organization-account.ts';
import { AttributeMapping, Named, ProviderNotFound, ProviderType } from '../providers/provider.ts';
import { providerOf } from '../providers/provider-store.ts';
import { ValueName, Vendor } from './guide.ts';
import { guidesFor } from './guides.ts';

const GuideNotFound = error(
  'GUIDE_NOT_FOUND',
  404,
  'There is no guide of this vendor for providers of this type; name another vendor, or add a provider of the other type',
);

const Guide = z
  .object({
    title: z.string().meta({ examples: ['Okta: SAML 2.0'] }),
    steps: z.array(
      z.object({
        text: z.string().meta({
          description: 'Markdown; what the console of the vendor shows is in italics',
          examples: ['Under *Applications*, *Create App Integration*, choose *SAML 2.0*.'],
        }),
        fields: z.array(
          z.object({
            label: z
              .string()
              .meta({ description: 'As the console of the vendor has it', examples: ['Single sign-on URL'] }),
            name: ValueName.nullable().meta({
              description: 'What the value is of this provider; null: a choice that is the same for all',
              examples: ['acs_url'],
            }),
            value: z
              .string()
              .meta({ examples: ['https://rivergate.example.com/api/v1/sso/providers/1/acs'] }),
          }),
        ),
        settings: z.array(
          z.object({
            name: z
              .string()
              .meta({ description: 'A field of the provider, to set here', examples: ['metadata_url'] }),
            source: z.string().meta({
              description: 'Markdown: what it is set to, and where the console has it',
              examples: ['the URL under *Metadata details*'],
            }),
          }),
        ),
      }),
    ),
  })
  .meta({ id: 'SsoGuide' });

export const getGuide = endpoint(
  {
    operation: 'getSsoProviderGuide',
    method: 'get',
    path: '/sso/providers/:provider_id/guide',
    summary: 'Steps to set up a provider at its vendor, with its values filled in',
    description:
      'Of the protocol of the provider; `provisioning` is that of SCIM at the same vendor. Fields for attributes and claims are those of ' +
      'the attribute_mapping of the provider, and left out where it names none.',
    caller: 'admin',
    activeOrganization: true,
    clients: true,
    params: Named,
    query: z.object({ vendor: Vendor }),
    answer: z.object({
      vendor: Vendor,
      provider_type: ProviderType,
      guide: Guide.extend({
        attribute_mapping: AttributeMapping.meta({
          description: 'What suits the vendor, which the provider may be changed to',
        }),
      }),
      provisioning: Guide.nullable(),
    }),
    errors: [ProviderNotFound, GuideNotFound],
  },
  async ({ params, query: { vendor }, caller, db, publicUrl }) => {
    requireOrganizationAccount(caller);
    const provider = await providerOf(db, caller.organizationId, params.provider_id);
    const { signIn, provisioning } = guidesFor(vendor, provider, publicUrl);
    if (!signIn) throw GuideNotFound();
    return { vendor, provider_type: provider.provider_type, guide: signIn, provisioning };
  },
);
