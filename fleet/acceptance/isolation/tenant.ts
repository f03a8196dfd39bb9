import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NameServer } from '@rivergate/outbound/testing/name-server';
import { softwareAuthenticator } from '@rivergate/service-identity/testing/software-authenticator';
import { startSamlIdentityProvider } from '@rivergate/service-sso/testing/saml-identity-provider';
import { eventually, PNG, type TestAnswer, type TestCaller } from '@rivergate/testing';
import type { AcceptanceFleet } from '../fleet.ts';
import {
  data,
  foundOrganization,
  join,
  logIn,
  PASSWORD,
  type Person,
  proveDomain,
  signUp,
  uniqueEmail,
} from '../person.ts';
import { totpCode } from '../totp.ts';

/** An organization with one object of each kind that a path of the API can name. */
export interface Tenant {
  id: number;
  /** In every name and text that its people have given. */
  marker: string;
  administrator: Person;
  /** A member who has objects of their own: tokens, devices, passkeys. */
  holder: Person;
  /** Whoever has the registration access token of its dynamically registered client (RFC 7592). */
  registrant: TestCaller;
  /** Who provisions it by SCIM. */
  provisioner: TestCaller;
  /** Permissions that a role can hold. */
  permissions: string[];
  roleId(name: string): number;
  /** The object by the end of the path before its parameter. */
  objects: Record<string, string | number>;
}

/** Types of events of which none happens here. */
export const NEVER = ['organization.webhook.disabled'];

const DEVICE = { headers: { 'x-device-fingerprint': '{"screen":"1920x1080"}' } };

export async function populate(fleet: AcceptanceFleet, names: NameServer): Promise<Tenant> {
  const marker = `m${randomBytes(6).toString('hex')}`;
  const named = (what: string) => `${what} ${marker}`;
  let administrator = await signUp(fleet, 'administrator', named('Ada'));
  const organization = await foundOrganization(administrator, named('Org'));
  administrator = administrator.with(data(await administrator.post(`${organization.path}/switch`, {})));
  const made = async (path: string, body: object, status = 201) =>
    data(await administrator.post(path, body), status);

  const domain = await verifyDomain(names, administrator, organization, `${marker}.test`, 'request');
  const asking = await signUp(fleet, 'asking', named('Asking'), `${marker}.test`);
  data(await asking.post(`${organization.path}/join`));
  const [request] = data(await administrator.get(`${organization.path}/join-requests`)).join_requests;
  const former = await signUp(fleet, 'former', named('Former'));
  await join(administrator, former, organization, 'Viewer');
  data(await former.post(`${organization.path}/leave`));
  const neighbour = await foundOrganization(administrator, named('Neighbour'));
  await verifyDomain(names, administrator, neighbour, `neighbour.${marker}.test`, 'automatic');

  let holder = await signUp(fleet, 'holder', named('Holder'), `neighbour.${marker}.test`);
  await join(administrator, holder, organization, 'Developer');
  holder = holder.with(data(await holder.post(`${organization.path}/switch`, {})));
  const catalogue = data(await administrator.get('/api/v1/permissions'));
  const permissions: string[] = catalogue.permissions.map(({ code }: { code: string }) => code);
  const { role } = await made('/api/v1/roles', { name: named('Role'), permissions: ['policy.write'] });
  const { assignment } = await made(`/api/v1/roles/${role.id}/assignments`, { user_id: holder.id });
  const invite = { email: uniqueEmail(marker), ...where(organization) };
  const { invitation } = await made(`${organization.path}/members/invite`, invite);
  const jobs = {
    'bulk-invite': await administrator.post(`${organization.path}/members/bulk-invite`, {
      ...where(organization),
      invitations: [{ email: uniqueEmail(marker) }],
    }),
    'bulk-update': await administrator.post('/api/v1/users/bulk-update', {
      user_ids: [holder.id],
      status: 'active',
    }),
    'bulk-import': await administrator.post('/api/v1/users/bulk-import', {
      format: 'csv',
      content: `email\n${uniqueEmail(marker)}\n`,
    }),
  };
  const application = await made(`${organization.path}/oauth-applications`, {
    name: named('Application'),
    grant_types: ['authorization_code'],
    redirect_uris: ['https://app.example.com/callback'],
    scopes: ['read'],
  });
  const registration = await made(`${organization.path}/oauth-registration-tokens`, {
    name: named('Agents'),
    scopes: ['read'],
  });
  const client = await fleet
    .caller(registration.token)
    .post('/oauth/register', { client_name: named('Client'), redirect_uris: ['http://127.0.0.1/'] });
  if (client.status !== 201) throw new Error(client.text);
  await holder
    .post('/api/v1/oauth/authorize', {
      client_id: application.client_id,
      redirect_uri: 'https://app.example.com/callback',
      response_type: 'code',
      scope: 'read',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
      approve: true,
    })
    .expect(200);
  const token = { name: named('Token'), scopes: ['read'] };
  const personal = data(await holder.post('/api/v1/auth/tokens', token), 201);
  const ofOrganization = data(await holder.post(`${organization.path}/tokens`, token), 201);
  const passkey = await registerPasskey(fleet, holder);
  const authenticator = await enrolTotp(holder, named('Phone'));
  const trusted = await trustDevice(fleet, holder, authenticator.secret);
  const sessions = data(await holder.get('/api/v1/sessions')).sessions;
  const asked = { user_id: holder.id, reason: named('Ticket'), minutes: 5 };
  const { impersonation } = await made(`${organization.path}/impersonations`, asked);
  const provider = await setUpProvider(fleet, administrator, named('Login'), `${marker}.test`);
  await planMigration(administrator, organization.id, holder.id, named('Exempt'));
  const hook = await sendToWebhook(administrator, organization.path, named('Directory'));

  const twin = await made('/api/v1/users', { email: uniqueEmail(marker) });
  await made(`/api/v1/users/${holder.id}/merge`, { duplicate_user_id: twin.user.id }, 200);
  await made('/api/v1/users/merge-codes', {});
  const erased = await made('/api/v1/users', { email: uniqueEmail(marker) });
  const leaving = await administrator.delete(`/api/v1/users/${erased.user.id}?erase=true`);
  const { receipt } = data(leaving, 202).erasure;
  await eventually(async () => {
    const { erasure } = data(await fleet.caller().get(`/api/v1/erasures/${receipt}`));
    return erasure.status === 'finished';
  }, 'the erasure');
  const logo = { raw: new Uint8Array(PNG), headers: { 'content-type': 'image/png' } };
  data(await administrator.put(`${organization.path}/branding/logo`, undefined, logo));
  await made(`${organization.path}/transfer-ownership`, { user_id: holder.id });
  data(
    await administrator.put(`${organization.path}/audit-shipping`, { url: 'http://127.0.0.1:61999/v1/logs' }),
  );
  const provisioning = await provision(fleet, administrator, `${marker}.test`);
  const { policy } = await made('/api/v1/sso/abac-policies', {
    name: named('Nobody'),
    priority: 1,
    effect: 'deny',
    mode: 'report',
    condition: { attribute: 'user.id', operator: 'in', value: [holder.id] },
  });
  const { audit_logs } = data(await administrator.get(`${organization.path}/audit-logs`));

  const dissolved = await foundOrganization(administrator, named('Dissolved'));
  data(await administrator.delete(`${dissolved.path}?confirm_name=${encodeURIComponent(dissolved.name)}`));

  return {
    id: organization.id,
    marker,
    administrator,
    holder,
    registrant: fleet.caller(client.body.registration_access_token),
    provisioner: provisioning.client,
    permissions,
    roleId: organization.roleId,
    objects: {
      organizations: organization.id,
      Users: provisioning.userId,
      Groups: provisioning.groupId,
      'organizations/restored': dissolved.id,
      'audit-logs': audit_logs[0].id,
      'organizations/joinable': neighbour.id,
      domains: domain,
      'join-requests': request.id,
      workspaces: organization.workspaceId,
      members: holder.id,
      roles: role.id,
      permissions: 'policy.write',
      assignments: assignment.id,
      invitations: invitation.id,
      impersonations: impersonation.id,
      ...Object.fromEntries(Object.entries(jobs).map(([kind, answer]) => [kind, jobOf(answer)])),
      'oauth-applications': application.id,
      consents: application.id,
      'oauth-registration-tokens': registration.id,
      register: client.body.client_id,
      sessions: sessions.at(-1).id,
      tokens: ofOrganization.id,
      'auth/tokens': personal.id,
      credentials: passkey,
      'totp/devices': authenticator.id,
      devices: trusted,
      webhooks: hook.id,
      deliveries: hook.deliveryId,
      providers: provider.id,
      keys: provider.keyId,
      'abac-policies': policy.id,
    },
  };
}

const where = ({ workspaceId, roleId }: Awaited<ReturnType<typeof foundOrganization>>) => ({
  workspace_id: workspaceId,
  role_id: roleId('Viewer'),
});

/** A member and a group whom a SCIM client has made; the member it has suspended again. */
async function provision(fleet: AcceptanceFleet, administrator: Person, domain: string) {
  data(await administrator.put('/api/v1/sso/scim', { enabled: true }));
  const { token } = data(await administrator.post('/api/v1/sso/scim/token', {}), 201);
  const client = fleet.caller(token);
  const core = 'urn:ietf:params:scim:schemas:core:2.0';
  const made = async (path: string, body: object): Promise<string> => {
    const answer = await client.post(`/scim/v2/${path}`, body);
    if (answer.status !== 201) throw new Error(answer.text);
    return answer.body.id;
  };
  const userId = await made('Users', { schemas: [`${core}:User`], userName: uniqueEmail('scim', domain) });
  const group = {
    schemas: [`${core}:Group`],
    displayName: `Group of ${domain}`,
    members: [{ value: userId }],
  };
  const groupId = await made('Groups', group);
  const suspended = await client.patch(`/scim/v2/Users/${userId}`, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', value: { active: false } }],
  });
  if (suspended.status !== 200) throw new Error(suspended.text);
  return { client, userId, groupId };
}

/** @returns the id of the domain */
async function verifyDomain(
  names: NameServer,
  administrator: Person,
  { path }: { path: string },
  domain: string,
  join: 'request' | 'automatic',
): Promise<number> {
  const id = await proveDomain(administrator, path, domain, names);
  data(await administrator.patch(`${path}/settings`, { domains: { join } }));
  return id;
}

function jobOf(answer: TestAnswer): string {
  if (answer.status >= 300) throw new Error(answer.text);
  return answer.body.data.import_id ?? answer.headers.get('location')!.split('/').at(-1)!;
}

/** A plan that exempts somebody, of which members have been told; nothing is enforced. */
async function planMigration(
  administrator: Person,
  organizationId: number,
  exempt: number,
  reason: string,
): Promise<void> {
  const post = (name: string, body?: object, query = '') =>
    administrator.post(`/api/v1/sso/enforcement/${name}/${organizationId}${query}`, body);
  // Identity has to have heard of the membership.
  await eventually(
    async () => (await post('plan', { exemptions: [{ user_id: exempt, reason }] })).status === 200,
    'the plan',
  );
  data(await post('enforce', { enforce: false }));
  await eventually(
    async () =>
      data(await post('notifications', undefined, '?notification_type=sso_migration')).notifications_sent > 0,
    'somebody to be told',
  );
}

async function registerPasskey(fleet: AcceptanceFleet, person: Person): Promise<number> {
  const path = '/api/v1/webauthn/register';
  const options = data(await person.post(`${path}/start`, { device_name: 'Laptop' }), 201);
  const credential = softwareAuthenticator(`http://localhost:${new URL(fleet.url).port}`).create(options);
  return data(await person.post(`${path}/complete`, { credential, device_name: 'Laptop' })).credential_id;
}

async function enrolTotp(person: Person, device_name: string) {
  const { secret } = data(await person.post('/api/v1/mfa/totp/setup', { device_name }));
  data(await person.post('/api/v1/mfa/totp/verify', { code: totpCode(secret) }));
  const [{ id }] = data(await person.get('/api/v1/mfa/totp/devices')).devices;
  return { secret, id: id as number };
}

/** A webhook that has got a test event, and gets nothing else of what happens here. */
async function sendToWebhook(administrator: Person, path: string, description: string) {
  const receiver = createServer((_request, response) => response.writeHead(204).end()).unref();
  await new Promise<void>(resolve => receiver.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  const wanted = { url, description, event_types: NEVER };
  const { webhook } = data(await administrator.post(`${path}/webhooks`, wanted), 201);
  const own = `${path}/webhooks/${webhook.id}`;
  const { delivery } = data(await administrator.post(`${own}/test`), 202);
  await eventually(
    async () => data(await administrator.get(`${own}/deliveries`)).deliveries[0].outcome === 'delivered',
    'a delivery',
  );
  return { id: webhook.id as number, deliveryId: delivery.id as number };
}

/** A SAML provider at which somebody has signed in, and somebody has yet to confirm that they do. */
async function setUpProvider(fleet: AcceptanceFleet, administrator: Person, name: string, domain: string) {
  const elsewhere = await startSamlIdentityProvider();
  const wanted = { provider_type: 'saml', name, metadata_url: elsewhere.metadataUrl, domains: [domain] };
  const { id } = data(await administrator.post('/api/v1/sso/providers', wanted), 201).provider;
  const path = `/api/v1/sso/providers/${id}`;
  await eventually(
    async () => data(await administrator.get(path)).provider.verified_domains.length > 0,
    'the domain',
  );
  elsewhere.register((await fleet.caller().get(`${path}/metadata`)).text);
  elsewhere.person = { nameId: uniqueEmail('elsewhere', domain) };
  const begun = { code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM', state: 'page.isolation' };
  const { headers } = await fleet.caller().get(`${path}/login?${new URLSearchParams(begun)}`);
  for (const url of [headers.get('location')!, elsewhere.startUrl()]) {
    const { fields } = await elsewhere.signIn(url);
    const form = {
      raw: `${new URLSearchParams(fields)}`,
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    };
    const told = await fleet.caller().post(`${path}/acs`, undefined, form);
    if (!/[?&](?:code|ticket)=/.test(told.headers.get('location') ?? '')) throw new Error(told.text);
  }
  const { key } = data(await administrator.post(`${path}/keys`), 201);
  await elsewhere.stop();
  return { id: id as number, keyId: key.id as number };
}

/** A login with the second factor, at a device that is trusted from then on. */
async function trustDevice(fleet: AcceptanceFleet, person: Person, secret: string): Promise<number> {
  const device = fleet.caller();
  const post = async (path: string, body: object) =>
    data(await device.post(`/api/v1/auth/${path}`, body, DEVICE));
  const begun = await post('login', { email: person.email, password: PASSWORD });
  const chosen = await post('mfa/otp/generate', { temporary_token: begun.temporary_token, method: 'totp' });
  // A code is good once, and one of the next step already now.
  const tokens = await post('mfa/verify', {
    temporary_token: chosen.temporary_token,
    code: totpCode(secret, 1),
  });
  const { activation_token } = tokens.trusted_device;
  data(await person.with(tokens).post('/api/v1/devices/activate', { activation_token }));
  return data(await person.get('/api/v1/devices')).devices[0].id;
}

/** People whom none of the tenant's objects concerns. */
export async function strangersTo(fleet: AcceptanceFleet, tenant: Tenant) {
  const { administrator, roleId, objects } = tenant;
  const path = `/api/v1/organizations/${tenant.id}`;
  const organization = { id: tenant.id, path, name: '', workspaceId: Number(objects.workspaces), roleId };
  const role = async (name: string, permissions: string[]): Promise<number> =>
    data(await administrator.post('/api/v1/roles', { name, permissions }), 201).role.id;
  const nothing = await role('Nothing here', ['policy.write']);
  const everything = await role('Everything', tenant.permissions);
  const lab = data(await administrator.post(`${path}/workspaces`, { name: 'Lab' }), 201).workspace.id;
  const member = async (name: string, inRole: number) => {
    const person = await signUp(fleet, name);
    await join(administrator, person, { ...organization, workspaceId: lab, roleId: () => inRole }, name);
    return person.with(data(await person.post(`${path}/switch`, {})));
  };

  const [plain, elsewhere, suspended] = [
    await member('plain', nothing),
    await member('elsewhere', nothing),
    await member('suspended', roleId('Admin')),
  ];
  const assigned = { user_id: elsewhere.id, workspace_id: lab };
  data(await administrator.post(`/api/v1/roles/${everything}/assignments`, assigned), 201);
  await administrator.put(`/api/v1/users/${suspended.id}/status`, { status: 'suspended' }).expect(200);
  // What ends the sessions is through; one that is begun after it stays.
  await eventually(async () => (await suspended.get(path)).status === 401, 'the suspension');
  const again = await logIn(fleet, suspended);
  return { plain, elsewhere, suspended: again };
}
