import { setTimeout as pass } from 'node:timers/promises';
import { holdBack } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, join, type Person, signUp, uniqueEmail } from './person.ts';

/** Milliseconds for which the attacker holds back the last byte. What is withdrawn is gone within a second. */
const HELD = 1_000;

let fleet: AcceptanceFleet;
let owner: Person;
let attacker: Person;
let organization: Awaited<ReturnType<typeof foundOrganization>>;

beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet?.stop());

async function administratorsOfOneOrganization() {
  [owner, attacker] = await Promise.all([signUp(fleet, 'owner'), signUp(fleet, 'attacker')]);
  organization = await foundOrganization(owner);
  await join(owner, attacker, organization, 'Admin');
}

/** Sends all but the last byte of an invitation for an accomplice, lets `withdraw` happen, and sends the rest. */
async function inviteMeanwhile(withdraw: () => Promise<unknown>) {
  const accomplice = uniqueEmail('accomplice');
  const body = {
    email: accomplice,
    workspace_id: organization.workspaceId,
    role_id: organization.roleId('Admin'),
  };
  const request = holdBack(fleet.url, {
    path: `${organization.path}/members/invite`,
    headers: { Authorization: `Bearer ${attacker.tokens.access_token}` },
    body: JSON.stringify(body),
  });
  await request.accepted;
  const passed = pass(HELD);
  await withdraw();
  await passed;
  request.release();
  const answer = await request.answer;
  const { invitations } = data(await owner.get('/api/v1/invitations'));
  return {
    status: Number(answer.split(' ')[1]),
    invited: invitations.some(({ email }: { email: string }) => email === accomplice),
  };
}

describe('an invitation whose last byte is held back', () => {
  it('invites when nothing was withdrawn', async () => {
    await administratorsOfOneOrganization();
    expect(await inviteMeanwhile(async () => {})).toEqual({ status: 201, invited: true });
  });

  it('invites nobody when its sender is removed meanwhile', async () => {
    await administratorsOfOneOrganization();
    const remove = () => owner.delete(`${organization.path}/members/${attacker.id}`);
    const { status, invited } = await inviteMeanwhile(remove);
    expect([401, 403, 404]).toContain(status);
    expect(invited).toBe(false);
  });

  it('invites nobody when its session ends meanwhile', async () => {
    await administratorsOfOneOrganization();
    const { status, invited } = await inviteMeanwhile(() => attacker.post('/api/v1/auth/logout'));
    expect(status).toBe(401);
    expect(invited).toBe(false);
  });
});
