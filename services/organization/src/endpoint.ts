import type { RateLimit } from '@rivergate/caller';
import { type Emit, endpoints } from '@rivergate/endpoint';
import { organizationJobChanged, organizationJobFinished, organizationJobStarted } from '@rivergate/events';
import { jobKinds } from '@rivergate/jobs';
import type { Mailer } from '@rivergate/mail';
import type { Outbound } from '@rivergate/outbound';
import type { SecretBox } from '@rivergate/secrets';
import type { Knex } from 'knex';
import type { MailLimits } from './invitations/mail-limits.ts';
import type { Plans } from './organizations/plan.ts';

/** What handlers of this service have beside what every handler has. */
export interface OrganizationTools {
  /**
   * For what stands whatever becomes of the request's transaction. Never inside of one: requests that wait for a second
   * connection while they hold the first would use up the pool.
   */
  knex: Knex;
  mailer: Mailer;
  plans: Plans;
  mailLimits: MailLimits;
  /** How often a caller is told that an address has an account; null is no limit. */
  takenAddressLimit: RateLimit | null;
  /** The way to a URL that a user gave. */
  outbound: Outbound;
  secretBox: SecretBox;
  /** Days for which a deleted organization can be restored. */
  deletionGraceDays: number;
  /** The address of the platform. */
  publicUrl: string;
  /** Where links in mails lead: the app, by default the public address of the API. */
  appUrl: string;
  /** The operator lets people accept with another address than the invited one. Off by default. */
  acceptsAnyAddress: boolean;
}

/** A transaction with the means to record what it changes. */
export interface Work {
  db: Knex.Transaction;
  emit: Emit;
}

export const endpoint = endpoints<OrganizationTools>();

export const jobKind = jobKinds<OrganizationTools>({
  started: organizationJobStarted,
  changed: organizationJobChanged,
  finished: organizationJobFinished,
});
