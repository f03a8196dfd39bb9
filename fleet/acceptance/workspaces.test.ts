import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, join, type Person, signUp } from './person.ts';

let fleet: AcceptanceFleet;
let [owner, guest]: Person[] = [];
let organization: Awaited<ReturnType<typeof foundOrganization>>;
beforeAll(async () => {
  fleet = await startFleet();
  [owner, guest] = await Promise.all([signUp(fleet, 'owner'), signUp(fleet, 'guest')]);
  organization = await foundOrganization(owner!);
  await join(owner!, guest!, organization, 'Viewer');
});
afterAll(() => fleet?.stop());

describe('a workspace, through the gateway', () => {
  it('is administered by who was given it, while another organization is active, until it is deleted', async () => {
    const create = async (name: string) =>
      data(await owner!.post('/api/v1/workspaces', { name, organization_id: organization.id }), 201).workspace
        .id;
    const [mine, theirs] = [await create('Mine'), await create('Theirs')];
    const member = { user_id: guest!.id, role_id: organization.roleId('Admin') };
    data(await owner!.post(`${organization.path}/workspaces/${mine}/members`, member), 201);
    const change = (id: number) =>
      guest!.put(`/api/v1/workspaces/${id}`, { settings: { allow_public_access: true } });
    expect((await change(mine)).status).toBe(200);
    expect((await change(theirs)).status).toBe(403);

    data(await owner!.delete(`${organization.path}/workspaces/${mine}/members/${guest!.id}`));
    await eventually(async () => (await change(mine)).status === 403, 'the right to have gone');
    data(await owner!.delete(`/api/v1/workspaces/${mine}`));
    expect((await change(mine)).status).toBe(404);
    const { workspaces } = data(await guest!.get(`/api/v1/workspaces?organization_id=${organization.id}`));
    expect(workspaces.map(({ id }: { id: number }) => id)).not.toContain(mine);
  });
});
