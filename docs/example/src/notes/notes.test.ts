import { acrossOrganizations } from '@rivergate/endpoint';
import { memberRemoved } from '@rivergate/events';
import {
  administrator,
  eventually,
  publishEvent,
  type ServiceUnderTest,
  signedIn,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { example } from '../service.ts';

const [ORGANIZATION, ANOTHER, ADA, GRACE] = [1, 2, 10, 11];
let service: ServiceUnderTest;
beforeAll(async () => {
  service = await startServiceUnderTest(example);
});
afterAll(() => service?.stop());

const admin = (organizationId: number) => service.as(administrator({ userId: ADA, organizationId }));
const member = () => service.as(signedIn({ userId: GRACE, organizationId: ORGANIZATION }));
const notesOf = (organizationId: number) => `/api/v1/organizations/${organizationId}/notes`;

async function noteByGrace(): Promise<number> {
  const text = 'The engine is in the attic.';
  return (await member().post(notesOf(ORGANIZATION), { text }).expect(201)).body.data.id;
}
const deleteNote = (organizationId: number, id: number) =>
  admin(organizationId).delete(`${notesOf(organizationId)}/${id}`);

describe('DELETE note', () => {
  it('200 once, then 404; it is audited', async () => {
    const id = await noteByGrace();
    await deleteNote(ORGANIZATION, id).expect(200);
    expect((await deleteNote(ORGANIZATION, id).expect(404)).body.error.code).toBe('NOTE_NOT_FOUND');
    const entries = await service.resources.knex.transaction(async db => {
      await acrossOrganizations(db);
      return await db('audit_log').where('action', 'note.deleted');
    });
    expect(entries).toMatchObject([{ actor_user_id: ADA, subject: String(id) }]);
  });

  it('404 for a note of another organization, which stays', async () => {
    const id = await noteByGrace();
    await deleteNote(ANOTHER, id).expect(404);
    await deleteNote(ORGANIZATION, id).expect(200);
  });

  it('403 for a member who is no administrator', async () => {
    await member()
      .delete(`${notesOf(ORGANIZATION)}/${await noteByGrace()}`)
      .expect(403);
  });
});

it('forgets the notes of a member who was removed', async () => {
  const id = await noteByGrace();
  const data = { organization_id: ORGANIZATION, user_id: GRACE };
  await publishEvent(service, 'organization', memberRemoved, { subject: GRACE, data });
  await eventually(async () => (await deleteNote(ORGANIZATION, id)).status === 404);
});
