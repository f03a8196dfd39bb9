import { publicPath } from '@rivergate/endpoint';
import { oneTimeToken } from '@rivergate/secrets';
import type { Picture } from '@rivergate/uploads';
import type { Knex } from 'knex';

/** Where a picture is served; its id is random and never given twice. */
export const picturePath = '/auth/pictures/:picture_id';

/**
 * Stores the one picture of a user under an unguessable id; the one before it is gone.
 *
 * @returns its address below the public address of the platform
 */
export async function replacePicture(
  db: Knex,
  userId: number,
  picture: Picture,
  publicUrl: string,
): Promise<string> {
  await dropPictures(db, userId);
  const id = oneTimeToken();
  const { contentType, content } = picture;
  await db('pictures').insert({ id, user_id: userId, content_type: contentType, content });
  return publicUrl + publicPath({ path: picturePath }).replace(':picture_id', id);
}

export async function dropPictures(db: Knex, userId: number): Promise<void> {
  await db('pictures').where({ user_id: userId }).delete();
}

export async function pictureById(db: Knex, id: string): Promise<Picture | undefined> {
  const row = await db('pictures').where({ id }).first('content_type', 'content');
  return row && { contentType: row.content_type, content: row.content };
}
