import { consumer, memberRemoved, on } from '@rivergate/events';

export const deleteNotesOfRemovedMembers = consumer({
  name: 'notes-of-removed-members',
  on: [
    on(memberRemoved, async ({ data }, { db }) => {
      await db('notes').where({ organization_id: data.organization_id, author_id: data.user_id }).delete();
    }),
  ],
});
