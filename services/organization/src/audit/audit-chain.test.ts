import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isConsistent } from '@rivergate/audit-chain';
import { dataSchemaOf, tokenRevoked, topicOf } from '@rivergate/events';
import { eventually, expectError, type TestCaller } from '@rivergate/testing';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Founded,
  type OrganizationUnderTest,
  type Person,
  startOrganizationUnderTest,
} from '../testing/organization-under-test.ts';
import { keepAuditLog } from './keep-audit-log.ts';

let service: OrganizationUnderTest;
let ada: Person;
beforeAll(async () => {
  service = await startOrganizationUnderTest();
  ada = await service.person('Ada');
});
afterAll(async () => await service?.stop());

interface Log extends Founded {
  admin: TestCaller;
  path: string;
}
let number = 0;
/** An organization of its own, with some entries. */
async function log(workspaces = 6): Promise<Log> {
  const founded = await service.found(ada, `Log ${++number}`);
  const admin = await service.member(ada, founded.id);
  for (let n = 0; n < workspaces; n++)
    expect(
      (await admin.post(`/api/v1/organizations/${founded.id}/workspaces`, { name: `W ${n}` })).status,
    ).toBe(201);
  return { ...founded, admin, path: `/api/v1/organizations/${founded.id}/audit-logs` };
}
const entriesOf = async ({ admin, path }: Log, query = '') =>
  (await admin.get(`${path}?${query}`)).body.data.audit_logs as { id: number; chain: { sequence: number } }[];
const headOf = async ({ admin, path }: Log, query = '') =>
  (await admin.get(`${path}/head${query}`)).body.data;
const proofOf = async ({ admin, path }: Log, id: number) =>
  (await admin.get(`${path}/${id}/proof`)).body.data;
async function tamper(statement: string): Promise<void> {
  await service.sql(
    `set session_replication_role = replica; ${statement}; set session_replication_role = origin`,
  );
}

/** Runs the verifier that anybody can take along. */
async function verified(input: string, ...options: string[]): Promise<{ code: number; said: string }> {
  const script = fileURLToPath(import.meta.resolve('@rivergate/audit-chain')).replace(
    'index.ts',
    'verify-export.ts',
  );
  const child = spawn(process.execPath, [script, ...options], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', data => (said += data));
  child.stdin.end(input);
  const [code] = await once(child, 'close');
  return { code, said };
}

describe('the chain of an organization', () => {
  it('is shown with each entry, in the order of the list', async () => {
    const own = await log();
    const sequences = (await entriesOf(own)).map(({ chain }) => chain.sequence);
    expect(sequences).toEqual(Array.from(sequences, (_, index) => sequences.length - index));
    expect((await headOf(own)).head).toMatchObject({
      organization_id: own.id,
      sequence: sequences.length,
      start_sequence: 0,
    });
  });

  it('is verified from an export, in a file of its own, by nothing but that', async () => {
    const own = await log();
    const { text } = await own.admin.get(`${own.path}?format=ndjson`);
    expect(await verified(text)).toMatchObject({ code: 0, said: expect.stringContaining('without a gap') });
    const lines = text.trimEnd().split('\n');
    expect((await verified(lines.toReversed().join('\n'))).code).toBe(0);
    expect((await verified(lines.toSpliced(2, 1).join('\n'))).said).toContain('1 gaps');
    const forged = lines.map(line => line.replace('"W 3"', '"W 9"')).join('\n');
    expect(await verified(forged)).toMatchObject({
      code: 1,
      said: expect.stringContaining('says something else'),
    });
  });

  it('proves each entry against the head, also to who verifies it alone', async () => {
    const own = await log();
    for (const { id } of await entriesOf(own)) {
      const proof = await proofOf(own, id);
      expect(proof.fault).toBeNull();
      expect(proof.path.length).toBeLessThan(6);
    }
    const [newest, older] = await entriesOf(own);
    expect((await proofOf(own, newest!.id)).next_hash).toBeNull();
    const proof = await proofOf(own, older!.id);
    expect(proof.next_hash).toMatch(/^[0-9a-f]{64}$/);
    expect((await verified(JSON.stringify(proof), '--proof')).code).toBe(0);
    proof.entry.actor_user_id = 999;
    expect((await verified(JSON.stringify(proof), '--proof')).code).toBe(1);
  });

  it('proves that it goes on from an earlier head, and says where it cannot', async () => {
    const own = await log();
    const { head: before } = await headOf(own);
    await own.admin.post(`/api/v1/organizations/${own.id}/workspaces`, { name: 'Later' });
    const { head, consistency } = await headOf(own, `?since=${before.sequence}`);
    const state = ({ sequence, root_hash }: typeof head) => ({
      size: sequence,
      root: Buffer.from(root_hash, 'hex'),
    });
    const path = consistency.map((hash: string) => Buffer.from(hash, 'hex'));
    expect(isConsistent(state(before), state(head), path)).toBe(true);
    expect(isConsistent({ ...state(before), root: state(head).root }, state(head), path)).toBe(false);
    expectError(await own.admin.get(`${own.path}/head?since=9999`), 409, 'AUDIT_LOG_SHORTER');
    for (const since of ['0', '-1', 'x'])
      expect((await own.admin.get(`${own.path}/head?since=${since}`)).status).toBe(422);
  });

  it('shows an entry that was changed in the database as faulty', async () => {
    const own = await log();
    const [, , third] = await entriesOf(own);
    await tamper(`update organization.audit_log set subject = '666' where id = ${third!.id}`);
    const proof = await proofOf(own, third!.id);
    expect(proof.fault).toContain('says something else');
    expect((await verified(JSON.stringify(proof), '--proof')).code).toBe(1);
    await tamper(`update organization.audit_log set hash = sha256('x') where id = ${third!.id}`);
    for (const { id } of (await entriesOf(own)).slice(0, 3)) {
      const { fault } = await proofOf(own, id);
      if (id === third!.id) expect(fault).not.toBeNull();
    }
  });

  it('takes an event of another service once, however often it comes', async () => {
    const own = await log(0);
    const event = {
      specversion: '1.0' as const,
      id: randomUUID(),
      source: '/rivergate/identity',
      type: tokenRevoked.type,
      subject: '5',
      time: new Date().toISOString(),
      datacontenttype: 'application/json' as const,
      dataschema: dataSchemaOf(tokenRevoked),
      actor: '7',
      organizationid: String(own.id),
      data: { token_id: 5, user_id: 7, organization_id: own.id, token_hash: 'h', reason: 'revoked' },
    };
    const come = (id: string) =>
      service.resources.eventLog.publish([
        { topic: topicOf(tokenRevoked), key: '5', event: { ...event, id } },
      ]);
    const came = (entries: number) =>
      eventually(async () => (await entriesOf(own, 'action=token.revoked')).length === entries);
    await come(event.id);
    await came(1);
    // As after a month, or to a consumer that was named anew.
    await service.sql("delete from organization.inbox where consumer = 'audit'");
    await come(event.id);
    await come(randomUUID());
    await came(2);
    expect((await headOf(own)).head.sequence).toBe((await entriesOf(own)).length);
  });
});

describe('403, 404: head and proof', () => {
  it('are for administrators of the organization, and an entry is of that organization alone', async () => {
    const [own, other] = [await log(0), await log(0)];
    const bob = await service.person('Bob');
    await service.join(own, bob);
    const member = await service.member(bob, own.id);
    const stranger = await service.member(bob, other.id);
    const [entry] = await entriesOf(own);
    const [foreign] = await entriesOf(other);
    for (const path of [`${own.path}/head`, `${own.path}/${entry!.id}/proof`]) {
      expectError(await member.get(path), 403, 'FORBIDDEN');
      expectError(await service.nobody.get(path), 401, 'UNAUTHORIZED');
    }
    expectError(await stranger.get(`${other.path}/head`), 404, 'ORGANIZATION_NOT_FOUND');
    expectError(await own.admin.get(`${own.path}/${foreign!.id}/proof`), 404, 'AUDIT_ENTRY_NOT_FOUND');
    expectError(await own.admin.get(`${own.path}/999999/proof`), 404, 'AUDIT_ENTRY_NOT_FOUND');
  });
});

describe('filters', () => {
  it('find by who, by what it happened to, and by request', async () => {
    const own = await log(2);
    const [entry] = (await entriesOf(own, 'action=workspace.created&limit=1')) as unknown as Record<
      string,
      string
    >[];
    for (const query of [
      `actor=${ada.userId}`,
      `subject=${entry!.subject}`,
      `request_id=${entry!.request_id}`,
    ]) {
      const found = await entriesOf(own, query);
      expect(
        found.map(({ id }) => id),
        query,
      ).toContain(entry!.id);
      const [field, value] = query.split('=');
      for (const one of found) expect(String(one[field as never])).toBe(value);
    }
    expect(await entriesOf(own, 'actor=service:nobody')).toEqual([]);
  });
});

describe('retention', () => {
  it('is a setting with bounds, which removes what is older and keeps the chain provable', async () => {
    const own = await log(3);
    const set = (retention_days: unknown) =>
      own.admin.patch(`/api/v1/organizations/${own.id}/settings`, { audit: { retention_days } });
    for (const days of [29, 3_651, 0, 1.5, '30']) expect((await set(days)).status, String(days)).toBe(422);
    await tamper(`update organization.audit_log set created_at = created_at - interval '40 days'
      where organization_id = ${own.id} and sequence <= 4`);
    await keepAuditLog.run(service.resources as never);
    expect((await headOf(own)).head.start_sequence).toBe(0);
    expect((await set(30)).status).toBe(200);
    await keepAuditLog.run(service.resources as never);
    const { head } = await headOf(own);
    expect(head.start_sequence).toBe(4);
    const left = await entriesOf(own);
    expect(left.map(({ chain }) => chain.sequence).toReversed()[0]).toBe(5);
    for (const { id } of left) expect((await proofOf(own, id)).fault).toBeNull();
    const { text } = await own.admin.get(`${own.path}?format=ndjson`);
    expect((await verified(text)).code).toBe(0);
    expectError(await own.admin.get(`${own.path}/head?since=3`), 410, 'AUDIT_HEAD_TOO_OLD');
    expect((await own.admin.get(`${own.path}/head?since=4`)).status).toBe(200);
    expect((await entriesOf(own, 'action=organization.settings_changed'))[0]).toMatchObject({
      metadata: { changes: { 'audit.retention_days': { before: null, after: 30 } } },
    });
  });
});
