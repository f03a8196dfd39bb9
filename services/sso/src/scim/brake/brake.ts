import { scimStopped } from '@rivergate/events';
import { letter, type Mail } from '@rivergate/mail';
import type { Knex } from 'knex';
import { nameOf } from '../../organizations/organization-store.ts';
import { mailAdministrators } from '../../people/administrators.ts';
import type { Acting } from '../change.ts';
import { DeprovisioningStopped } from '../errors.ts';
import { recording } from '../recording.ts';
import type { Settings } from '../settings/settings.ts';

/** How many may go in an hour however small the organization is. */
const ALWAYS_ALLOWED = 3;

/**
 * Counts that a client takes somebody's membership away, or suspends it, and stops it where that would be more within an hour
 * than the organization allows: until an administrator lets it go on, since most likely the client is mistaken. What stops it
 * stands, whatever becomes of the request.
 *
 * @throws DeprovisioningStopped
 */
export async function countDeprovisioning(acting: Acting, userId: number): Promise<void> {
  const allowed = await acting.briefly(db => counted(db, acting, userId));
  if (!allowed) throw DeprovisioningStopped();
}

async function counted(db: Knex.Transaction, acting: Acting, userId: number): Promise<boolean> {
  const { organizationId } = acting.caller;
  const settings: Settings = await db('scim_settings')
    .where({ organization_id: organizationId })
    .forUpdate()
    .first();
  const { brake_percent: percent, stopped_at, released_until } = settings;
  if (percent === null || (released_until !== null && released_until > new Date())) return true;
  if (stopped_at !== null) return false;
  const { rows } = await db.raw(
    `select
       (select count(*) from scim_deprovisions
         where organization_id = :organizationId and at > now() - interval '1 hour' and user_id <> :userId) as gone,
       (select count(*) from scim_users
         where organization_id = :organizationId and (status = 'active' or user_id in (
           select user_id from scim_deprovisions
           where organization_id = :organizationId and at > now() - interval '1 hour'))) as members`,
    { organizationId, userId },
  );
  const [gone, members] = [Number(rows[0].gone), Number(rows[0].members)];
  if (gone + 1 > Math.max(ALWAYS_ALLOWED, Math.floor((members * percent) / 100))) {
    await stop(db, acting, { gone, members, percent });
    return false;
  }
  await db('scim_deprovisions')
    .insert({ organization_id: organizationId, user_id: userId })
    .onConflict(['organization_id', 'user_id'])
    .merge({ at: db.fn.now() });
  return true;
}

interface Figures {
  gone: number;
  members: number;
  percent: number;
}

async function stop(db: Knex.Transaction, acting: Acting, figures: Figures): Promise<void> {
  const { caller, mailer, base } = acting;
  const { organizationId } = caller;
  await db('scim_settings')
    .where({ organization_id: organizationId })
    .update({ stopped_at: db.fn.now(), released_until: null });
  const data = { organization_id: organizationId, deprovisioned: figures.gone, members: figures.members };
  const emit = recording(db, acting);
  await emit(scimStopped, { aggregateId: organizationId, data });
  const name = await nameOf(db, organizationId);
  await mailAdministrators(db, mailer, organizationId, address =>
    stoppedMail(address, name, figures, new URL(base).origin),
  );
}

function stoppedMail(to: string, name: string, { gone, members, percent }: Figures, at: string): Mail {
  const heading = `Deprovisioning of ${name} is stopped`;
  const { text, html } = letter({
    heading,
    paragraphs: [
      `The identity provider of ${name} at ${at} has deprovisioned ${gone} of ${members} members within an hour and wanted to go on. ${name} allows ${percent} percent.`,
      'Whoever it wanted to deprovision next is still a member; all other changes go on. Look whether it is right: a mistaken assignment there takes everybody away at once.',
      `If it is, let it go on: POST ${at}/api/v1/sso/scim/release. The identity provider tries again by itself.`,
    ],
    footer: 'You receive this because you administer the organization.',
  });
  return { to, subject: heading, text, html };
}

export async function forgetOldDeprovisions(db: Knex): Promise<void> {
  await db.raw("delete from scim_deprovisions where at < now() - interval '1 hour'");
}
