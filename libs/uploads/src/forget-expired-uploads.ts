import { acrossOrganizations } from '@rivergate/endpoint';
import type { Schedule } from '@rivergate/service';
import type { Knex } from 'knex';

/** Uploads of which the content is removed in one transaction. */
const AT_ONCE = 20;

/**
 * Removes the content of what has expired. That there was an upload is remembered for a day longer, so that its sender is
 * told what became of it.
 */
export const forgetExpiredUploads: Schedule<{ knex: Knex }> = {
  name: 'forget-expired-uploads',
  every: 300,
  async run({ knex }) {
    const remove = () =>
      knex.transaction(async db => {
        await acrossOrganizations(db);
        const expired = await db('uploads')
          .where('expires_at', '<=', db.fn.now())
          .whereExists(db('upload_pieces').where('upload_id', db.ref('uploads.id')).select(db.raw('1')))
          // Not one that is being kept at this moment.
          .forUpdate()
          .skipLocked()
          .limit(AT_ONCE)
          .pluck('id');
        await db('upload_pieces').whereIn('upload_id', expired).delete();
        await db('uploads').whereRaw("expires_at < now() - interval '1 day'").delete();
        return expired.length;
      });
    while ((await remove()) === AT_ONCE);
  },
};
