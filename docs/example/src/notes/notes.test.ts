import { randomUUID } from 'node:crypto';
import { acrossOrganizations } from '@rivergate/endpoint';
import { type CloudEvent, dataSchemaOf, memberRemoved, topicOf } from '@rivergate/events';
import {
  administrator,
  eventually,
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
  const { status, body } = await member().post(notesOf(ORGANIZATION), {
    text: 'The engine is in the attic.',
  });
  expect(status).toBe(201);
  return body.data.id;
}
const deleteNote = (organizationId: number, id: number) =>
  admin(organizationId).delete(`${notesOf(organizationId)}/${id}`);

describe('DELETE note', () => {
  it('200 once, then 404; it is audited', async () => {
    const id = await noteByGrace();
    expect((await deleteNote(ORGANIZATION, id)).status).toBe(200);
    expect((await deleteNote(ORGANIZATION, id)).body.error.code).toBe('NOTE_NOT_FOUND');
    const entries = await service.resources.knex.transaction(async db => {
      await acrossOrganizations(db);
      return await db('audit_log').where('action', 'note.deleted');
    });
    expect(entries).toMatchObject([{ actor_user_id: ADA, subject: String(id) }]);
  });

  it('404 for a note of another organization, which stays', async () => {
    const id = await noteByGrace();
    expect((await deleteNote(ANOTHER, id)).status).toBe(404);
    expect((await deleteNote(ORGANIZATION, id)).status).toBe(200);
  });

  it('403 for a member who is no administrator', async () => {
    expect((await member().delete(`${notesOf(ORGANIZATION)}/${await noteByGrace()}`)).status).toBe(403);
  });
});

it('forgets the notes of a member who was removed', async () => {
  const id = await noteByGrace();
  const event: CloudEvent = {
    specversion: '1.0',
    id: randomUUID(),
    source: '/rivergate/organization',
    type: memberRemoved.type,
    subject: String(GRACE),
    time: new Date().toISOString(),
    datacontenttype: 'application/json',
    dataschema: dataSchemaOf(memberRemoved),
    actor: String(ADA),
    data: { organization_id: ORGANIZATION, user_id: GRACE },
  };
  await service.resources.eventLog.publish([{ topic: topicOf(memberRemoved), key: String(GRACE), event }]);
  await eventually(async () => (await deleteNote(ORGANIZATION, id)).status === 404);
});
