import { clientStanding, forgetToken, type Principal, revokeToken, type Scope } from '@rivergate/caller';
import { tokenState } from '@rivergate/contracts';
import { endpoints, Id } from '@rivergate/endpoint';
import {
  admitsEverything,
  expectError,
  nobody,
  type ServiceUnderTest,
  startServiceUnderTest,
} from '@rivergate/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineService } from '../index.ts';

const endpoint = endpoints();
const ORGANIZATION = 7;
const place = { params: z.object({ org_id: Id }), answer: z.object({ by: Id.nullable() }) };
const path = '/organizations/:org_id';

const forClients = { ...place, clients: true } as const;
const read = endpoint(
  { ...forClients, operation: 'readRule', method: 'get', path, summary: 'Read', caller: 'perm:policy.read' },
  async ({ caller }) => ({ by: caller.userId }),
);
const write = endpoint(
  {
    ...forClients,
    operation: 'writeRule',
    method: 'post',
    path,
    summary: 'Write',
    caller: 'perm:policy.write',
  },
  async ({ caller }) => ({ by: caller.userId }),
);
const administer = endpoint(
  { ...forClients, operation: 'clearRules', method: 'delete', path, summary: 'Clear', caller: 'admin' },
  async ({ caller }) => ({ by: caller.userId }),
);
const forUsers = endpoint(
  { ...place, operation: 'signRule', method: 'put', path, summary: 'Sign', caller: 'perm:policy.write' },
  async ({ caller }) => ({ by: caller.userId }),
);

let scopes: Scope[] = [];
const identity = endpoints()(tokenState, async () => ({
  token_id: 1,
  user_id: null,
  client_id: 'app',
  organization_id: ORGANIZATION,
  bound: true,
  key_thumbprint: null,
  sso_organization_id: null,
  scopes,
  created_at: new Date(),
  expires_at: new Date(Date.now() + 60_000),
  state: 'active' as const,
}));

let service: ServiceUnderTest;
beforeAll(async () => {
  const modules = [{ tag: 'Rules', endpoints: [read, write, administer, forUsers] }];
  const peers = { identity: [identity], organization: [admitsEverything] };
  service = await startServiceUnderTest(defineService({ name: 'policy', modules }), { peers });
});
afterAll(() => service?.stop());

let hash = '';
let tokens = 0;
beforeEach(() => {
  hash = String(++tokens).padStart(64, '0');
});

function client(scope: Scope[], organizationId = ORGANIZATION): Principal {
  const standing = clientStanding(organizationId, { organizationId: ORGANIZATION, scopes: scope });
  const token = { kind: 'oauth', id: 1, hash, boundTo: ORGANIZATION } as const;
  return { ...nobody(), kind: 'client', token, clientId: 'app', ...standing };
}
const statuses = async (principal: Principal, at = ORGANIZATION) => {
  const by = service.as(principal);
  const url = `/api/v1/organizations/${at}`;
  return [(await by.get(url)).status, (await by.post(url)).status, (await by.delete(url)).status];
};

describe('a client that stands for no user', () => {
  it('can do in its organization what each scope allows', async () => {
    expect(await statuses(client(['read']))).toEqual([200, 403, 403]);
    expect(await statuses(client(['write']))).toEqual([403, 200, 403]);
    expect(await statuses(client(['admin']))).toEqual([403, 403, 200]);
    expect(await statuses(client([]))).toEqual([403, 403, 403]);
  });

  it('404 elsewhere', async () => {
    expect(await statuses(client(['read', 'write', 'admin'], 8), 8)).toEqual([404, 404, 404]);
    expect(await statuses(client(['read', 'write', 'admin']), 8)).toEqual([404, 404, 404]);
  });

  it('403 where a user is needed', async () => {
    const answer = await service.as(client(['write'])).put(`/api/v1/organizations/${ORGANIZATION}`);
    expectError(answer, 403, 'FORBIDDEN');
  });

  it('is decided about again when the decision is old', async () => {
    const late = (scope: Scope[]) =>
      service.as(client(scope), 1_000).post(`/api/v1/organizations/${ORGANIZATION}`);
    scopes = ['write'];
    expect((await late(['write'])).status).toBe(200);
    scopes = ['read'];
    await forgetToken(service.resources.redis, hash);
    expectError(await late(['write']), 403, 'FORBIDDEN');
    await revokeToken(service.resources.redis, hash);
    expectError(await late(['write']), 401, 'UNAUTHORIZED');
  });
});
