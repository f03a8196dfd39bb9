import { eventually } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { inDatabase } from './in-database.ts';
import { data, foundOrganization, join, logIn, PASSWORD, type Person, signUp } from './person.ts';

/** Milliseconds in which a setting has to reach everybody; the way is the event log. */
const SOON = 2_000;

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

const set = async (settings: object) => data(await owner.patch(`${organization.path}/settings`, settings));
/** Into the organization, with the answer. */
const enter = async (person: Person) => data(await person.post(`${organization.path}/switch`));
const refreshed = async ({ refresh_token }: Person['tokens']) =>
  data(await fleet.caller().post('/api/v1/auth/refresh', { refresh_token }));
const currentSession = async (person: Person) =>
  data(await person.get('/api/v1/sessions')).sessions.find(
    ({ is_current }: { is_current: boolean }) => is_current,
  );

describe('settings of an organization', () => {
  it('bound the sessions and tokens of everyone in it, from the next request on', async () => {
    const visitor = await logIn(fleet, member);
    const forgotten = member.with(await enter(await logIn(fleet, member)));
    const { id } = await currentSession(forgotten);
    const twentyMinutesAgo =
      "update identity.sessions set created_at = now() - interval '20 minutes' where id = $1";
    await inDatabase(fleet, twentyMinutesAgo, id);
    expect((await forgotten.get('/api/v1/auth/me')).status).toBe(200);

    await set({ sessions: { lifetime_minutes: 15 }, tokens: { access_token_minutes: 5 } });
    const cutOff = async () => (await forgotten.get('/api/v1/auth/me')).status === 401;
    await eventually(cutOff, 'the end of a session that is past the limit', SOON);

    const entered = await enter(await logIn(fleet, member));
    const renewed = await refreshed(entered);
    for (const { expires_in } of [entered, renewed]) expect(expires_in).toBeLessThanOrEqual(300);
    const { created_at, expires_at } = await currentSession(member.with(renewed));
    expect(Date.parse(expires_at) - Date.parse(created_at)).toBeLessThanOrEqual(15 * 60_000);

    expect((await refreshed(visitor.tokens)).expires_in, 'elsewhere nothing changes').toBeGreaterThan(300);
  });

  it('demand longer passwords of members and administrators, and say so', async () => {
    await set({ password_policy: { min_length: 12, require_special_character: true } });
    for (const { id, email } of [owner, member]) {
      const person = await logIn(fleet, { id, email });
      const change = (new_password: string) =>
        person.post('/api/v1/auth/change-password', { current_password: PASSWORD, new_password });
      // The same password again changes nothing: refused for that until the policy is known, then by it.
      const known = async () => (await change(PASSWORD)).status === 422;
      await eventually(known, 'the policy', SOON);
      const refused = await change('Ten-chars1');
      expect(refused.status).toBe(422);
      expect(refused.body.error).toMatchObject({
        code: 'VALIDATION_ERROR',
        message: expect.stringContaining('must be at least 12 characters'),
        details: [{ field: 'body.new_password', reason: expect.stringContaining('at least 12 characters') }],
      });
      expect((await change('Twelve-chars12')).status).toBe(200);
    }
  });

  it('demand nothing of people outside', async () => {
    const stranger = await signUp(fleet, 'stranger');
    const body = { current_password: PASSWORD, new_password: 'Tencharac1' };
    expect((await stranger.post('/api/v1/auth/change-password', body)).status).toBe(200);
  });
});
