import {
  acrossOrganizations,
  Domain,
  domainOfAddress,
  EmailAddress,
  Id,
  ValidationFailed,
} from '@rivergate/endpoint';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { ProviderType } from '../providers/provider.ts';

export const discover = endpoint(
  {
    operation: 'discoverSsoProviders',
    method: 'post',
    path: '/sso/discover',
    summary: 'Which provider an email address or domain signs in with',
    description:
      'Goes by the domain alone, and so tells nothing of accounts. Give one of both. None, where no organization has verified ' +
      'the domain and set up a provider for it.',
    caller: 'public',
    safe: true,
    body: z
      .object({ email: EmailAddress.optional(), domain: Domain.optional() })
      .meta({ examples: [{ email: 'ada@example.com' }] }),
    answer: z.object({
      providers: z.array(
        z.object({
          id: Id,
          name: z.string().meta({ examples: ['Corporate SSO'] }),
          provider_type: ProviderType,
          login_url: z.string().meta({
            description: 'Of a browser, with code_challenge and state',
            examples: ['https://rivergate.example.com/api/v1/sso/providers/1/login'],
          }),
        }),
      ),
    }),
  },
  {
    check({ body: { email, domain } }) {
      if ((email === undefined) === (domain === undefined))
        throw ValidationFailed(undefined, [
          { field: 'body.email', code: 'required', reason: 'or domain is required, and not both' },
        ]);
    },
    async handle({ body: { email, domain = domainOfAddress(email!) }, db, publicUrl }) {
      await acrossOrganizations(db);
      const providers = await db('providers as p')
        .join('verified_domains as d', 'd.organization_id', 'p.organization_id')
        .where({ 'd.domain': domain, 'd.is_verified': true, 'p.status': 'active' })
        .whereRaw('p.domains @> array[?]', [domain])
        .orderBy('p.id')
        .select('p.id', 'p.name', 'p.provider_type');
      return {
        providers: providers.map(({ id, name, provider_type }) => ({
          id,
          name,
          provider_type,
          login_url: `${publicUrl}/api/v1/sso/providers/${id}/login`,
        })),
      };
    },
  },
);
