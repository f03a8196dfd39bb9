import type { Knex } from 'knex';
import type { Picture } from './picture.ts';

/** Stores the one picture of a user under an unguessable id; the one before it is gone. */
export async function replacePicture(db: Knex, userId: number, id: string, picture: Picture): Promise<void> {
  await dropPictures(db, userId);
  await db('pictures').insert({
    id,
    user_id: userId,
    content_type: picture.contentType,
    content: picture.content,
  });
}

export async function dropPictures(db: Knex, userId: number): Promise<void> {
  await db('pictures').where({ user_id: userId }).delete();
}

export async function pictureById(db: Knex, id: string): Promise<Picture | undefined> {
  const row = await db('pictures').where({ id }).first('content_type', 'content');
  return row && { contentType: row.content_type, content: row.content };
}
