import { randomBytes } from 'node:crypto';
import type { NameServer } from '@rivergate/outbound/testing/name-server';
import { eventually, type TestAnswer, type TestCaller } from '@rivergate/testing';
import type { AcceptanceFleet } from './fleet.ts';

export const PASSWORD = 'Correct1horse';

/** Somebody with an account, signed in. */
export interface Person extends TestCaller {
  id: number;
  email: string;
  tokens: { access_token: string; refresh_token: string };
  /** The same person with other tokens. */
  with(tokens: { access_token: string; refresh_token: string }): Person;
}

/** Expects the status and gives the data of the envelope. */
export function data(answer: TestAnswer, status = 200) {
  if (answer.status !== status)
    throw new Error(`Expected ${status}, was answered ${answer.status}: ${answer.text}`);
  return answer.body?.data;
}

export function uniqueEmail(name = 'person', domain = 'example.com'): string {
  return `${name}.${randomBytes(6).toString('hex')}@${domain}`;
}

type Mail = { subject: string; text: string; html: string };

/** The newest mail to the address that holds the text, once it is there. */
export async function mailTo(fleet: AcceptanceFleet, email: string, holding = ''): Promise<Mail> {
  return await eventually(async () => {
    // From this machine and through no proxy, as every other request says.
    const answer = await fetch(`${fleet.url}/dev/mailbox/messages?to=${encodeURIComponent(email)}`);
    const body = (await answer.json()) as { messages: Mail[] };
    return body.messages.find(({ text }) => text.includes(holding));
  }, `a mail to ${email} with "${holding}"`);
}

/** The code of the newest mail to the address that holds the text. */
export async function codeSentTo(fleet: AcceptanceFleet, email: string, holding = 'code'): Promise<string> {
  return /\b\d{6}\b/.exec((await mailTo(fleet, email, holding)).text)![0];
}

/** Signs up, reads the code from the mailbox, verifies: as a person would, by HTTP alone. */
export async function signUp(
  fleet: AcceptanceFleet,
  name = 'person',
  display_name = name,
  domain?: string,
): Promise<Person> {
  const email = uniqueEmail(name, domain);
  const anyone = fleet.caller();
  const signup = data(
    await anyone.post('/api/v1/auth/signup', { email, password: PASSWORD, display_name }),
    201,
  );
  const otp_code = await codeSentTo(fleet, email);
  const { temporary_token } = signup;
  const verified = data(await anyone.post('/api/v1/auth/verify-otp', { temporary_token, otp_code }));
  return personOf(fleet, verified.user_id, email, verified);
}

export function personOf(
  fleet: AcceptanceFleet,
  id: number,
  email: string,
  tokens: Person['tokens'],
): Person {
  return {
    ...fleet.caller(tokens.access_token),
    id,
    email,
    tokens,
    with: other => personOf(fleet, id, email, other),
  };
}

/** Logs in anew: another session of the same person. */
export async function logIn(
  fleet: AcceptanceFleet,
  person: Pick<Person, 'id' | 'email'>,
  password = PASSWORD,
): Promise<Person> {
  const answer = await fleet.caller().post('/api/v1/auth/login', { email: person.email, password });
  return personOf(fleet, person.id, person.email, data(answer));
}

/** An organization with a second workspace, of which the person is administrator. */
export async function foundOrganization(owner: Person, name = `Acme ${randomBytes(5).toString('hex')}`) {
  const created = data(await owner.post('/api/v1/organizations', { name }), 201);
  const organizationId: number = created.organization.id;
  const path = `/api/v1/organizations/${organizationId}`;
  const { roles } = data(await owner.get(`${path}/roles`));
  const roleId = (role: string): number => roles.find((known: { name: string }) => known.name === role).id;
  return { id: organizationId, name, path, workspaceId: created.workspace.id as number, roleId };
}

/** Has an organization prove that a domain is its own. @returns the id of the domain */
export async function proveDomain(
  administrator: Person,
  path: string,
  domain: string,
  names: NameServer,
): Promise<number> {
  const { id, record } = data(await administrator.post(`${path}/domains`, { domain }), 201).domain;
  names.setText(record.name, record.value);
  data(await administrator.post(`${path}/domains/${id}/verify`));
  return id;
}

/** Invites the guest, who accepts. */
export async function join(
  owner: Person,
  guest: Person,
  organization: Awaited<ReturnType<typeof foundOrganization>>,
  role: string,
) {
  const body = {
    email: guest.email,
    workspace_id: organization.workspaceId,
    role_id: organization.roleId(role),
  };
  const { invitation } = data(await owner.post(`${organization.path}/members/invite`, body), 201);
  data(await guest.post(`/api/v1/invitations/${invitation.token}/accept`));
}

/** Turns on codes by mail, and signs in by password and such a code. */
export async function withSecondFactor(fleet: AcceptanceFleet, person: Person): Promise<Person> {
  data(await person.post('/api/v1/mfa/email-otp/setup'));
  const { text } = await mailTo(fleet, person.email, 'enter this code to get a code by mail with each login');
  data(await person.post('/api/v1/mfa/email-otp/verify', { code: /^\d{6}$/m.exec(text)![0] }));
  const anyone = fleet.caller();
  const begun = data(await anyone.post('/api/v1/auth/login', { email: person.email, password: PASSWORD }));
  const { temporary_token } = begun;
  const wanted = { temporary_token, method: 'email_otp' };
  const chosen = data(await anyone.post('/api/v1/auth/mfa/otp/generate', wanted));
  const code = await codeSentTo(fleet, person.email, 'enter this code to sign in');
  const proof = { temporary_token: chosen.temporary_token, code };
  return person.with(data(await anyone.post('/api/v1/auth/mfa/verify', proof)));
}
