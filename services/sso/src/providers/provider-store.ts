import { acrossOrganizations, withinOrganization } from '@rivergate/endpoint';
import type { SecretBox } from '@rivergate/secrets';
import type { Knex } from 'knex';
import type { MetadataState } from './metadata-state.ts';
import {
  type AttributeMapping,
  type EncryptAssertions,
  type GroupMapping,
  ProviderNotFound,
} from './provider.ts';

export interface StoredCertificate {
  pem: string;
  /** SHA-256, hex in lower case. */
  fingerprint: string;
  /** ISO 8601 */
  expires_at: string;
  /** Since when the metadata, which had it, has it no longer: ISO 8601. */
  missing_since?: string;
}

interface ProviderFacts extends MetadataState {
  id: number;
  organization_id: number;
  name: string;
  status: 'active' | 'inactive';
  attribute_mapping: AttributeMapping;
  domains: string[];
  group_mappings: GroupMapping[];
  created_by: number;
  created_at: Date;
  updated_at: Date;
}

export interface SamlProvider extends ProviderFacts {
  provider_type: 'saml';
  entity_id: string;
  sso_url: string;
  slo_url: string | null;
  slo_response_url: string | null;
  slo_binding: 'redirect' | 'post';
  metadata_url: string | null;
  metadata_refresh: boolean;
  certificates: StoredCertificate[];
  idp_initiated: boolean;
  sign_requests: boolean;
  encrypt_assertions: EncryptAssertions;
  issuer: null;
  client_id: null;
  client_secret_sealed: null;
  scopes: null;
}

export interface OidcProvider extends ProviderFacts {
  provider_type: 'oidc';
  issuer: string;
  client_id: string;
  client_secret_sealed: string | null;
  scopes: string[];
  entity_id: null;
  sso_url: null;
  slo_url: null;
  slo_response_url: null;
  slo_binding: null;
  metadata_url: null;
  metadata_refresh: null;
  certificates: [];
  idp_initiated: null;
  sign_requests: null;
  encrypt_assertions: null;
}

export type ProviderRow = SamlProvider | OidcProvider;

/** What can be set; of a change, only what is given. */
export type ProviderSettings = Partial<
  Omit<
    { [Field in keyof SamlProvider]: SamlProvider[Field] | OidcProvider[Field] },
    | 'id'
    | 'organization_id'
    | 'created_by'
    | 'created_at'
    | 'updated_at'
    | 'provider_type'
    | keyof MetadataState
  >
>;

const JSON_COLUMNS = ['attribute_mapping', 'group_mappings', 'certificates'] as const;

/** As the driver wants them: it would write an array as one of PostgreSQL. */
function forDatabase(given: ProviderSettings): Record<string, unknown> {
  const json = JSON_COLUMNS.filter(column => given[column] !== undefined);
  return { ...given, ...Object.fromEntries(json.map(column => [column, JSON.stringify(given[column])])) };
}

const contextOf = (organizationId: number) => `client secret of organization ${organizationId}`;

export const sealSecret = (secretBox: SecretBox, organizationId: number, secret: string): string =>
  secretBox.seal(secret, contextOf(organizationId));

export function openSecret(
  secretBox: SecretBox,
  { organization_id, client_secret_sealed }: Pick<OidcProvider, 'organization_id' | 'client_secret_sealed'>,
): string | null {
  return client_secret_sealed === null
    ? null
    : secretBox.open(client_secret_sealed, contextOf(organization_id));
}

export function providersOf(db: Knex.Transaction, organizationId: number): Knex.QueryBuilder {
  return db('providers').where({ organization_id: organizationId });
}

/** @throws ProviderNotFound also for one of another organization */
export async function providerOf(
  db: Knex.Transaction,
  organizationId: number,
  id: number,
): Promise<ProviderRow> {
  const row = await providersOf(db, organizationId).where({ id }).first();
  if (!row) throw ProviderNotFound();
  return row;
}

/** As providerOf; changes of it wait for this transaction. @throws ProviderNotFound */
export async function lockProvider(
  db: Knex.Transaction,
  organizationId: number,
  id: number,
): Promise<ProviderRow> {
  const row = await providersOf(db, organizationId).where({ id }).forNoKeyUpdate().first();
  if (!row) throw ProviderNotFound();
  return row;
}

function requireSaml(provider: ProviderRow): SamlProvider {
  if (provider.provider_type !== 'saml') throw ProviderNotFound();
  return provider;
}

/** As providerOf. @throws ProviderNotFound also for an OpenID provider */
export const samlProviderOf = async (db: Knex.Transaction, organizationId: number, id: number) =>
  requireSaml(await providerOf(db, organizationId, id));

/** As lockProvider. @throws ProviderNotFound also for an OpenID provider */
export const lockSamlProvider = async (db: Knex.Transaction, organizationId: number, id: number) =>
  requireSaml(await lockProvider(db, organizationId, id));

/**
 * For who comes without an account: the provider by its id, and the transaction within its organization.
 *
 * @throws ProviderNotFound
 */
export async function enterProvider(db: Knex.Transaction, id: number): Promise<ProviderRow> {
  await acrossOrganizations(db);
  const row: ProviderRow | undefined = await db('providers').where({ id }).first();
  if (!row) throw ProviderNotFound();
  await withinOrganization(db, row.organization_id);
  return row;
}

export async function insertProvider(
  db: Knex.Transaction,
  provider: ProviderSettings & Pick<ProviderRow, 'organization_id' | 'provider_type' | 'created_by'>,
): Promise<ProviderRow> {
  const [row] = await db('providers').insert(forDatabase(provider)).returning('*');
  return row;
}

export async function changeProvider(
  db: Knex.Transaction,
  id: number,
  change: ProviderSettings,
): Promise<ProviderRow> {
  const [row] = await db('providers')
    .where({ id })
    .update({ ...forDatabase(change), updated_at: db.fn.now() })
    .returning('*');
  return row;
}

/** Has its metadata read anew, soon, and forgets what was found in it: an administrator has set what it is about. */
export async function beginMetadataAnew(db: Knex.Transaction, id: number): Promise<void> {
  await db('providers')
    .where({ id })
    .update({
      metadata_refresh_at: db.raw("now() + (5 + 5 * random()) * interval '1 minute'"),
      metadata_valid_until: null,
      metadata_etag: null,
      metadata_last_modified: null,
      metadata_failure: null,
      metadata_withheld: null,
      metadata_told_at: null,
    });
}

/** The certificate that is good for longest. */
export const lastingOf = (certificates: readonly StoredCertificate[]): StoredCertificate | undefined =>
  certificates.toSorted((left, right) => (left.expires_at > right.expires_at ? -1 : 1))[0];

export const inBrief = ({ id, name, provider_type, status }: ProviderRow) => ({
  id,
  name,
  provider_type,
  status,
});
