import { requireRolesHandedOut } from '@rivergate/contracts';
import { type CallForUser, type FailureDetail, ValidationFailed } from '@rivergate/endpoint';
import { type Outbound, OutboundFailure, type OutboundReason } from '@rivergate/outbound';
import type { SecretBox } from '@rivergate/secrets';
import type { z } from 'zod';
import { SignInRefusal } from '../attempts/refusal.ts';
import type { RelyingParty } from '../oidc/relying-party.ts';
import { type Certificate, readCertificates, SamlRefusal } from '../saml/index.ts';
import { fetchMetadata } from './fetch-metadata.ts';
import { FIELDS_OF, type ProviderType, type settings } from './provider.ts';
import {
  type OidcProvider,
  type ProviderSettings,
  type StoredCertificate,
  sealSecret,
} from './provider-store.ts';

type Field = keyof typeof settings;

/** What an administrator has given. */
export type Given = { [Name in Field]?: z.output<(typeof settings)[Name]> | undefined };

export interface ConfigurationTools {
  outbound: Outbound;
  secretBox: SecretBox;
  relyingParty: RelyingParty;
  call: CallForUser;
}

function refuseFields(fields: readonly Field[], code: FailureDetail['code'], reason: string): void {
  if (fields.length === 0) return;
  throw ValidationFailed(
    undefined,
    fields.map(field => ({ field: `body.${field}`, code, reason })),
  );
}

/** @throws ValidationFailed for fields that a provider of this type does not have */
export function requireOwnFields(type: ProviderType, given: Given): void {
  const others: readonly Field[] = FIELDS_OF[type === 'saml' ? 'oidc' : 'saml'];
  const foreign = others.filter(field => given[field] !== undefined);
  refuseFields(foreign, 'not_allowed', `is not for a provider of the type ${type}`);
}

/** @throws ValidationFailed for those that are not there */
export function requireFields(given: Given, fields: readonly Field[]): void {
  const absent = fields.filter(field => given[field] === undefined);
  refuseFields(absent, 'required', 'is required');
}

/**
 * What is given in the form in which it is kept, once all of it makes sense: URLs can be asked, certificates are good, the
 * provider is the issuer that it is said to be, and the caller could hand out the roles.
 *
 * @param before of a provider that is there, what it has
 * @throws ValidationFailed, and what requireRolesHandedOut does
 */
export async function configurationOf(
  tools: ConfigurationTools,
  organizationId: number,
  { certificate, client_secret, ...given }: Given,
  before: ProviderSettings,
): Promise<ProviderSettings> {
  const published = given.metadata_url
    ? await metadataAt(tools.outbound, given.metadata_url, given.entity_id)
    : {};
  const kept: ProviderSettings = {
    ...published,
    ...(Object.fromEntries(
      Object.entries(given).filter(([, value]) => value !== undefined),
    ) as ProviderSettings),
    ...(certificate === undefined ? {} : { certificates: certificatesIn(certificate) }),
    ...refreshOf({ certificate, ...given }, before),
    ...(client_secret === undefined
      ? {}
      : { client_secret_sealed: sealSecret(tools.secretBox, organizationId, client_secret) }),
  };
  // Browsers go there, maybe by names that only they can find: whether the platform can, the test of the provider says.
  for (const field of ['sso_url', 'slo_url', 'slo_response_url'] as const) {
    const url = kept[field];
    if (!url) continue;
    const tolerated = url.startsWith('https:') ? (['dns', 'timeout'] as const) : [];
    await requireReachable(tools.outbound, given[field] ? field : 'metadata_url', url, tolerated);
  }
  if (given.issuer !== undefined) {
    const asked = { ...before, ...kept, organization_id: organizationId } as OidcProvider;
    await requireIssuer(tools, asked);
  }
  const after = { ...before, ...kept };
  const needsGroups = after.group_mappings?.length && after.attribute_mapping?.groups === undefined;
  if (needsGroups)
    refuseFields(
      ['group_mappings'],
      'not_allowed',
      'needs attribute_mapping.groups, which says where groups are',
    );
  if (given.group_mappings?.length) {
    const roles = given.group_mappings.map(({ role_id, workspace_id }) => ({ role_id, workspace_id }));
    await tools.call(requireRolesHandedOut, { params: { org_id: organizationId }, body: { roles } });
  }
  return kept;
}

/** Whether metadata is read again by itself: not where it would undo what somebody has set by hand, unless they say so. */
function refreshOf(
  { metadata_refresh, metadata_url, sso_url, slo_url, slo_response_url, slo_binding, certificate }: Given,
  before: ProviderSettings,
): Pick<ProviderSettings, 'metadata_refresh'> {
  if (metadata_refresh !== undefined) return { metadata_refresh };
  const byHand = [sso_url, slo_url, slo_response_url, slo_binding, certificate];
  if (byHand.some(field => field !== undefined)) return { metadata_refresh: false };
  return metadata_url && !before.metadata_url ? { metadata_refresh: true } : {};
}

export const asStored = ({ pem, fingerprint, expiresAt }: Certificate): StoredCertificate => ({
  pem,
  fingerprint,
  expires_at: expiresAt.toISOString(),
});

function certificatesIn(text: string): StoredCertificate[] {
  try {
    return readCertificates(text).map(asStored);
  } catch (cause) {
    if (cause instanceof SamlRefusal) refuseFields(['certificate'], 'invalid_format', cause.message);
    throw cause;
  }
}

/** What a SAML provider says of itself. @throws ValidationFailed */
async function metadataAt(
  outbound: Outbound,
  url: string,
  entityId: string | undefined,
): Promise<ProviderSettings> {
  try {
    const { sso_url, certificates, wants_signed_requests, ...published } = await fetchMetadata(
      outbound,
      url,
      entityId,
    );
    if (sso_url === null)
      refuseFields(
        ['metadata_url'],
        'not_allowed',
        'The metadata names no sign-in by the HTTP-Redirect binding',
      );
    return {
      ...published,
      sso_url,
      certificates: certificates.map(asStored),
      ...(wants_signed_requests && { sign_requests: true }),
    };
  } catch (cause) {
    if (cause instanceof OutboundFailure || cause instanceof SamlRefusal)
      refuseFields(['metadata_url'], 'not_allowed', cause.message);
    throw cause;
  }
}

/** @param tolerated reasons for which it may not be reachable */
async function requireReachable(
  outbound: Outbound,
  field: Field,
  url: string,
  tolerated: readonly OutboundReason[] = [],
): Promise<void> {
  try {
    await outbound.check(url);
  } catch (cause) {
    if (!(cause instanceof OutboundFailure)) throw cause;
    if (tolerated.includes(cause.reason)) return;
    refuseFields([field], 'not_allowed', cause.message);
  }
}

async function requireIssuer(
  { outbound, relyingParty }: ConfigurationTools,
  provider: OidcProvider,
): Promise<void> {
  await requireReachable(outbound, 'issuer', provider.issuer);
  try {
    await relyingParty.configurationOf(provider);
  } catch (cause) {
    if (!(cause instanceof SignInRefusal)) throw cause;
    refuseFields(['issuer'], 'not_allowed', cause.message);
  }
}
