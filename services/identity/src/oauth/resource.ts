import { accessTokenAudience } from '@rivergate/caller';
import type { Knex } from 'knex';
import { z } from 'zod';
import { mayOpenClients } from '../organizations/policy-store.ts';
import type { Client } from './client-store.ts';

/** Below it is the part of the API that acts in an organization. */
const ORGANIZATIONS = '/api/v1/organizations/';

export const ResourceParameter = z
  .string()
  .max(2_000)
  .meta({
    description: 'What the tokens are for (RFC 8707): the address of the platform, or an organization of it',
    examples: [`https://rivergate.example.com${ORGANIZATIONS}7`],
  });

/** The API as tokens name it that are for one organization. */
export const organizationResource = (publicUrl: string, organizationId: number) =>
  `${publicUrl}${ORGANIZATIONS}${organizationId}`;

/** @returns the organization that a resource is of, null for the platform, undefined for what is none of its resources */
function organizationOf(publicUrl: string, resource: string): number | null | undefined {
  if (resource === publicUrl || resource === `${publicUrl}/`) return null;
  const id = Number(resource.slice(resource.lastIndexOf('/') + 1));
  const isCanonical = Number.isSafeInteger(id) && id > 0 && organizationResource(publicUrl, id) === resource;
  return isCanonical ? id : undefined;
}

/**
 * The organization that tokens are to act in: the client's own, which a resource may name again. For a client that belongs
 * to none the resource has to say it, and that one has to let such clients in.
 *
 * @returns undefined where this is no target for the client (RFC 8707, section 2)
 */
export async function targetOf(
  db: Knex,
  client: Pick<Client, 'organization_id'>,
  resource: string | undefined,
  publicUrl: string,
): Promise<number | undefined> {
  const named = resource === undefined ? null : organizationOf(publicUrl, resource);
  const own = client.organization_id;
  if (own !== null) return named === null || named === own ? own : undefined;
  return typeof named === 'number' && (await mayOpenClients(db, named)) ? named : undefined;
}

/**
 * The resource of a token: the one that is asked for, where it is no wider than that of the grant.
 *
 * @returns undefined where it is another
 */
export function narrowed(
  { organization_id, resource: granted }: { organization_id: number; resource: string | null },
  asked: string | undefined,
  publicUrl: string,
): { resource: string | null } | undefined {
  if (asked === undefined || asked === granted) return { resource: granted };
  const named = organizationOf(publicUrl, asked);
  const isNarrower = named === organization_id || (named === null && granted === null);
  return isNarrower ? { resource: asked } : undefined;
}

/** `aud` of an access token: the name by which the gateway knows tokens for the API, and the resource that was asked for. */
export const audienceOf = (resource: string | null) =>
  resource === null ? accessTokenAudience : [accessTokenAudience, resource];
