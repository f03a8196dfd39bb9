import { webhookDisabled } from '@rivergate/events';
import type { Knex } from 'knex';
import { mailAdministrators } from '../../members/mail-administrators.ts';
import { scheduledWork } from '../../people/consumer-work.ts';
import { ofWebhook } from '../webhook.ts';
import { changeWebhook } from '../webhook-store.ts';
import { cancelDeliveries } from './delivery-store.ts';
import { disabledMail } from './disabled-mail.ts';
import type { SendingTools } from './sending-tools.ts';

/** Disables a webhook that nobody has disabled, and tells the administrators. Its lock is held. */
export async function disableWebhook(
  db: Knex.Transaction,
  { mailer, appUrl }: Pick<SendingTools, 'mailer' | 'appUrl'>,
  organizationId: number,
  webhook: { id: number; url: string; description: string | null; failing_since: Date | null },
  reason: 'failing' | 'gone',
): Promise<void> {
  const { id, url, description, failing_since: failingSince } = webhook;
  const of = ofWebhook({ id, organization_id: organizationId, url });
  await changeWebhook(db, id, { status: 'disabled', disabled_reason: reason });
  await cancelDeliveries(db, id);
  const data = { ...of, reason };
  await scheduledWork(db).emit(webhookDisabled, { aggregateId: id, organizationId, data });
  const { name } = await db('organizations').where({ id: organizationId }).first('name');
  const facts = { organization: name, origin: of.origin, description, reason, failingSince, appUrl };
  await mailAdministrators(db, mailer, organizationId, to => disabledMail(to, facts));
}
