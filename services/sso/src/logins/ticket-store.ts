import { acrossOrganizations, withinOrganization } from '@rivergate/endpoint';
import { oneTimeToken, type SecretBox, tokenHash } from '@rivergate/secrets';
import type { Knex } from 'knex';
import { z } from 'zod';

/** Seconds in which a sign-in has to be confirmed. */
const SECONDS = 600;

/** What a request to sign somebody out at the provider has to repeat of the sign-in. */
export const ForLogout = z.object({
  /** Of an OpenID provider. */
  idToken: z.string().optional(),
  /** Of a SAML provider: what belongs to the NameID (SAML Core, section 2.2.2). */
  nameIdFormat: z.string().optional(),
  nameQualifier: z.string().optional(),
  spNameQualifier: z.string().optional(),
});
export type ForLogout = z.output<typeof ForLogout>;

/** Who has signed in at a provider. */
export const Arrival = z.object({
  /** By which the provider names them, to nobody else. */
  subject: z.string(),
  email: z.string(),
  displayName: z.string().nullable(),
  groups: z.array(z.string()),
  /** How they did (RFC 8176). */
  methods: z.array(z.string()),
  /** By which the provider names the session. */
  sessionIndex: z.string().nullable(),
  /** When the session has to end: ISO 8601. */
  endsAt: z.string().nullable(),
  forLogout: ForLogout.default({}),
});
export type Arrival = z.output<typeof Arrival>;

const Sealed = z.object({
  arrival: Arrival,
  /** S256, of the verifier of the browser that may use the ticket; null where nothing of it is known yet. */
  codeChallenge: z.string().nullable(),
  /** Which waits for it. */
  attemptId: z.int().nullable(),
});

/** `confirm`: who began it may not be who is asked; `connect`: the account that it would lead to has to be proved. */
export type Purpose = 'confirm' | 'connect';

export interface Ticket extends z.output<typeof Sealed> {
  organizationId: number;
  providerId: number;
  purpose: Purpose;
}

const contextOf = (hash: string) => `ticket ${hash}`;

export async function keepTicket(
  db: Knex.Transaction,
  secretBox: SecretBox,
  { organizationId, providerId, purpose, ...sealed }: Ticket,
): Promise<string> {
  const ticket = oneTimeToken();
  const hash = tokenHash(ticket);
  await db('tickets').insert({
    ticket_hash: hash,
    organization_id: organizationId,
    provider_id: providerId,
    purpose,
    arrival_sealed: secretBox.seal(JSON.stringify(sealed), contextOf(hash)),
    expires_at: db.raw("now() + ? * interval '1 second'", [SECONDS]),
  });
  return ticket;
}

/** What a ticket is for, which it stays; the transaction is within its organization then. Undefined for one that is not good. */
export async function readTicket(
  db: Knex.Transaction,
  secretBox: SecretBox,
  ticket: string,
): Promise<Ticket | undefined> {
  await acrossOrganizations(db);
  const hash = tokenHash(ticket);
  const row = await db('tickets').where({ ticket_hash: hash }).where('expires_at', '>', db.fn.now()).first();
  if (!row) return undefined;
  await withinOrganization(db, row.organization_id);
  const sealed = Sealed.parse(JSON.parse(secretBox.open(row.arrival_sealed, contextOf(hash))));
  return {
    ...sealed,
    organizationId: row.organization_id,
    providerId: row.provider_id,
    purpose: row.purpose,
  };
}

/** Spends a ticket: of many who come with it at once, one does. The transaction is within its organization. */
export async function spendTicket(db: Knex.Transaction, ticket: string): Promise<boolean> {
  const spent = await db('tickets')
    .where({ ticket_hash: tokenHash(ticket) })
    .delete();
  return spent === 1;
}

export async function dropExpiredTickets(db: Knex.Transaction): Promise<void> {
  await db('tickets').where('expires_at', '<', db.fn.now()).delete();
}
