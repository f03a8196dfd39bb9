import { RoleNotFound, WorkspaceNotFound } from '@rivergate/contracts';
import { ValidationFailed } from '@rivergate/endpoint';
import { changesOf, ssoProviderDeactivated, ssoProviderUpdated } from '@rivergate/events';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { keepAProvider, ProviderNeeded } from '../enforcement/enforcement-store.ts';
import { requireOrganizationAccount } from '../organizations/organization-account.ts';
import { configurationOf, requireOwnFields } from './configuration.ts';
import {
  Named,
  ofProvider,
  ProviderInBrief,
  ProviderNotFound,
  ProviderStatus,
  ProviderType,
  settings,
} from './provider.ts';
import {
  beginMetadataAnew,
  changeProvider,
  inBrief,
  lockProvider,
  type ProviderRow,
  type ProviderSettings,
  providerOf,
} from './provider-store.ts';

/** What metadata is about. */
const METADATA_FIELDS = [
  'entity_id',
  'sso_url',
  'certificates',
  'metadata_url',
  'metadata_refresh',
] as const satisfies readonly (keyof ProviderSettings)[];

/** Which certificates came and went, by their fingerprints. */
function certificateChanges(before: ProviderRow, { certificates }: ProviderSettings) {
  if (certificates === undefined) return {};
  const fingerprints = (list: ProviderRow['certificates']) =>
    list.map(({ fingerprint }) => fingerprint).toSorted();
  return changesOf(
    { certificates: fingerprints(before.certificates) },
    { certificates: fingerprints(certificates) },
  );
}

export const updateProvider = endpoint(
  {
    operation: 'updateSsoProvider',
    method: 'put',
    path: '/sso/providers/:provider_id',
    summary: 'Update a provider, rotate its certificate',
    description:
      'Fields left out keep their value; a mapping or list that is given replaces the one before. It counts from the next login; ' +
      'sessions that are open stay, but for those of a provider that is made inactive with end_sessions.',
    caller: 'admin',
    activeOrganization: true,
    session: true,
    fresh: true,
    params: Named,
    body: z
      .object({ ...settings, status: ProviderStatus })
      .partial()
      .extend({
        provider_type: ProviderType.optional().meta({ description: 'Fixed at creation: refused' }),
        end_sessions: z
          .boolean()
          .optional()
          .meta({ description: 'With status inactive: the sessions end that it has opened' }),
      })
      .meta({ examples: [{ name: 'Updated Provider Name' }] }),
    answer: z.object({ provider: ProviderInBrief }),
    message: 'SSO provider updated successfully',
    messageInData: true,
    errors: [ProviderNotFound, RoleNotFound, WorkspaceNotFound, ProviderNeeded],
  },
  {
    check({ body: { provider_type, status, end_sessions } }) {
      if (provider_type !== undefined)
        throw ValidationFailed(undefined, [
          { field: 'body.provider_type', code: 'not_allowed', reason: 'is fixed at creation' },
        ]);
      if (end_sessions !== undefined && status !== 'inactive')
        throw ValidationFailed(undefined, [
          { field: 'body.end_sessions', code: 'not_allowed', reason: 'goes with the status inactive' },
        ]);
    },
    async prepare({ params, body, caller, briefly, ...tools }) {
      requireOrganizationAccount(caller);
      const { status, end_sessions: _1, provider_type: _2, ...given } = body;
      const { organizationId } = caller;
      const before = await briefly(db => providerOf(db, organizationId, params.provider_id));
      requireOwnFields(before.provider_type, given);
      const configured = await configurationOf(tools, organizationId, given, before);
      return status === undefined ? configured : { ...configured, status };
    },
    async handle({ params, body, prepared, caller, db, emit }) {
      const { organizationId } = caller;
      const before = await lockProvider(db, organizationId, params.provider_id);
      const { certificates, client_secret_sealed, ...open } = { ...before, ...prepared };
      const secret = [
        ...(prepared.certificates ? ['certificate'] : []),
        ...(prepared.client_secret_sealed ? ['client_secret'] : []),
      ];
      const changes = { ...changesOf<object>(before, open), ...certificateChanges(before, prepared) };
      const fields = [...Object.keys(changes).filter(field => field !== 'certificates'), ...secret];
      if (fields.length === 0) return { provider: inBrief(before) };
      if (prepared.status === 'inactive') await keepAProvider(db, organizationId, before.id);
      const provider = await changeProvider(db, before.id, prepared);
      if (METADATA_FIELDS.some(field => prepared[field] !== undefined))
        await beginMetadataAnew(db, provider.id);
      const fact = { aggregateId: provider.id, organizationId };
      const data = { ...ofProvider(provider), status: provider.status, fields, changes };
      await emit(ssoProviderUpdated, { ...fact, data });
      if ('status' in changes && provider.status === 'inactive') {
        const end_sessions = body.end_sessions ?? false;
        const ended = { organization_id: organizationId, provider_id: provider.id, end_sessions };
        await emit(ssoProviderDeactivated, { ...fact, data: ended });
      }
      return { provider: inBrief(provider) };
    },
  },
);
