import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { emptyChain, follow } from '@rivergate/audit-chain';
import { eventually } from '@rivergate/testing';
import { testPython } from '@rivergate/testing/on-demand';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonEnvironment } from '../src/provision/python-environment.ts';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { data, foundOrganization, type Person, signUp } from './person.ts';

const python = (await testPython()).value;

/** What the collector read of a record, or why it could not. */
interface Line {
  port?: number;
  error?: string;
  name: string;
  path: string;
  service: string;
  authorization: string;
  severity: number;
  time: number;
  attributes: Record<string, string | number>;
  body: string;
}

describe.skipIf(!python)(
  'the audit log, sent to a collector that reads OTLP by its published messages',
  () => {
    let fleet: AcceptanceFleet;
    let owner: Person;
    let collector: ChildProcess;
    const lines: Line[] = [];
    beforeAll(async () => {
      const folder = join(import.meta.dirname, 'otlp');
      const environment = await pythonEnvironment(python!, 'otlp', join(folder, 'requirements.txt'));
      collector = spawn(join(environment, 'bin', 'python'), [join(folder, 'collector.py')], {
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      createInterface({ input: collector.stdout! }).on('line', line => lines.push(JSON.parse(line)));
      fleet = await startFleet({ env: { OUTBOUND_ALLOW: '127.0.0.1' } });
      owner = await signUp(fleet, 'owner');
    });
    afterAll(async () => {
      collector?.kill();
      await fleet?.stop();
    });

    it('arrives whole, in order, and can be verified there', async () => {
      const { port } = await eventually(() => lines.shift(), 'the port of the collector');
      const organization = await foundOrganization(owner);
      const value = 'Bearer of-the-collector';
      const url = `http://127.0.0.1:${port}/v1/logs`;
      const path = `${organization.path}/audit-shipping`;
      data(await owner.put(path, { url, header: { name: 'Authorization', value } }));
      data(await owner.post(`${organization.path}/switch`, {}));
      // Of identity, and so by way of the event log.
      const moved = await eventually(() => lines.find(({ name }) => name === 'auth.session.moved'));
      expect(lines.filter(({ error }) => error)).toEqual([]);
      expect(moved).toMatchObject({
        path: '/v1/logs',
        service: 'rivergate',
        authorization: value,
        severity: 9,
        attributes: {
          'user.id': String(owner.id),
          'event.name': 'auth.session.moved',
          'client.address': expect.any(String),
        },
      });
      const entries = lines
        .filter(({ name }) => name !== 'audit_log.head')
        .map(({ body }) => JSON.parse(body));
      const state = emptyChain();
      for (const entry of entries) expect(follow(state, entry)).toBeUndefined();
      expect(moved.time).toBe(
        Date.parse(entries.find(({ action }) => action === moved.name).created_at) * 1_000_000,
      );
      const head = await eventually(async () => {
        const { shipping } = data(await owner.get(path));
        const { head } = data(await owner.get(`${organization.path}/audit-logs/head`));
        return shipping.lag === 0 && lines.find(({ body }) => JSON.parse(body).root_hash === head.root_hash);
      }, 'the head at the collector');
      expect(head).toMatchObject({ name: 'audit_log.head' });
    });
  },
);
