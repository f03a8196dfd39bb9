import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, join, PASSWORD, type Person, signUp } from './person.ts';

interface Entry {
  action: string;
  actor_user_id: number | null;
  ip_address: string | null;
  user_agent: string | null;
}

let fleet: AcceptanceFleet;
let owner: Person;
let member: Person;
let organization: Awaited<ReturnType<typeof foundOrganization>>;
beforeAll(async () => {
  fleet = await startFleet();
  [owner, member] = [await signUp(fleet, 'owner'), await signUp(fleet, 'member')];
  organization = await foundOrganization(owner);
  await join(owner, member, organization, 'Developer');
});
afterAll(() => fleet?.stop());

const entry = (action: string, userAgent: string): Promise<Entry> =>
  eventually(async () => {
    const path = `${organization.path}/audit-logs?action=${action}`;
    const { audit_logs } = data(await owner.get(path)) as { audit_logs: Entry[] };
    return audit_logs.find(({ user_agent }) => user_agent === userAgent);
  }, `${action} by ${userAgent}`);

describe('the audit log of an organization', () => {
  it('shows address and user agent of who did what in another service', async () => {
    const headers = { 'user-agent': 'switching/1.0', 'x-forwarded-for': '203.0.113.7' };
    data(await member.post(`${organization.path}/switch`, {}, { headers }));
    // Organization asked identity, and identity's event came back over the event log.
    const moved = await entry('auth.session.moved', 'switching/1.0');
    expect(moved).toMatchObject({ actor_user_id: member.id, ip_address: '203.0.113.7' });

    const credentials = { email: member.email, password: PASSWORD };
    const login = { headers: { 'user-agent': 'logging-in/1.0', 'x-forwarded-for': '203.0.113.8' } };
    data(await fleet.caller().post('/api/v1/auth/login', credentials, login));
    const opened = await entry('auth.login.success', 'logging-in/1.0');
    expect(opened).toMatchObject({ actor_user_id: member.id, ip_address: '203.0.113.8' });
  });
});
