import createClient, { type Client } from 'openapi-fetch';
import type { Findings, Surroundings } from '../main-job.ts';
import type { components, paths } from './schema.ts';

type Failure = components['schemas']['Error'];

/** What is answered, or an error that says what the API said. */
function answered<Data>({ data, error }: { data?: Data; error?: Failure }): Data {
  if (data === undefined) throw new Error(`${error?.error.code}: ${error?.error.message}`);
  return data;
}

/** Founds an organization and brings a second person into it, as a program of somebody else would. */
export async function mainJob({ url, password, emails, ...world }: Surroundings): Promise<Findings> {
  const signUp = async (email: string): Promise<Client<paths>> => {
    const anyone = createClient<paths>({ baseUrl: url, headers: world.headersOf(email) });
    const body = { email, password, display_name: email.split('@')[0] };
    const { data: registration } = answered(await anyone.POST('/api/v1/auth/signup', { body }));
    const { data: tokens } = answered(
      await anyone.POST('/api/v1/auth/verify-otp', {
        body: {
          temporary_token: registration.temporary_token,
          otp_code: await world.codeSentTo(email),
        },
      }),
    );
    const authorization = `Bearer ${tokens.access_token}`;
    return createClient<paths>({ baseUrl: url, headers: { ...world.headersOf(email), authorization } });
  };

  const owner = await signUp(emails.owner);
  const name = `Organization of ${emails.owner}`;
  const { data: founded } = answered(await owner.POST('/api/v1/organizations', { body: { name } }));
  const path = { org_id: founded.organization.id };
  const { data: listing } = answered(
    await owner.GET('/api/v1/organizations/{org_id}/roles', {
      params: { path, query: { search: 'Developer' } },
    }),
  );
  const role = listing.roles.find(known => known.name === 'Developer');
  if (!role) throw new Error('There is no role Developer');

  const guest = await signUp(emails.guest);
  const { data: invited } = answered(
    await owner.POST('/api/v1/organizations/{org_id}/members/invite', {
      params: { path, header: { 'Idempotency-Key': crypto.randomUUID() } },
      body: { email: emails.guest, workspace_id: founded.workspace.id, role_id: role.id },
    }),
  );
  const token = invited.invitation.token;
  const preview = answered(
    await guest.GET('/api/v1/invitations/{invitation}', { params: { path: { invitation: token } } }),
  );
  if (preview.data.invitation.organization.id !== path.org_id) throw new Error('Invited somewhere else');
  const accept = () =>
    guest.POST('/api/v1/invitations/{invitation_token}/accept', {
      params: { path: { invitation_token: token } },
    });
  answered(await accept());
  const again = await accept();
  // The compiler knows the codes of this endpoint: one that it cannot answer would not compile here.
  const second =
    again.error?.error.code === 'INVITATION_ALREADY_ACCEPTED' ? again.error.error.code : undefined;

  const { data: people } = answered(
    await owner.GET('/api/v1/organizations/{org_id}/members', { params: { path } }),
  );
  const exported = await owner.GET('/api/v1/organizations/{org_id}/audit-logs', {
    params: { path, query: { format: 'csv' } },
    parseAs: 'text',
  });
  return {
    organization: founded.organization.name,
    members: Object.fromEntries(people.members.map(({ email, role: held }) => [email, held?.name])),
    second,
    csv: exported.data?.trim().split('\n') ?? [],
  };
}
