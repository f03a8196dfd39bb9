import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { testPython } from '@rivergate/testing/on-demand';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pythonEnvironment } from '../../src/provision/python-environment.ts';
import { type Provisioned, type ProvisionedFleet, startProvisionedFleet } from './provisioned.ts';

const run = promisify(execFile);
const own = join(import.meta.dirname, 'testers');

/** Downloading takes long, once in the life of a clone. */
const PREPARING = 600_000;

const python = await testPython();

describe.skipIf(python.value === undefined)('testers of SCIM that others wrote', () => {
  let started: ProvisionedFleet;
  let environment: string;
  let acme: Provisioned;
  beforeAll(async () => {
    environment = await pythonEnvironment(python.value!, 'scim-testers', join(own, 'requirements.txt'));
    started = await startProvisionedFleet();
    acme = await started.provisioned();
  }, PREPARING);
  afterAll(async () => await started?.stop());

  it('scim2-tester finds nothing wrong', { timeout: 180_000 }, async () => {
    const url = `${started.fleet.url}/scim/v2`;
    const program = join(environment, 'bin', 'python');
    const { stdout } = await run(program, [join(own, 'check_server.py'), url, acme.token, acme.domain]);
    const { checks, wrong, skipped } = JSON.parse(stdout);
    expect(wrong).toEqual([]);
    expect(skipped).toEqual([]);
    expect(checks).toBeGreaterThan(100);
  });

  it('scim-sanity finds nothing wrong but that a group takes no member whom nobody knows', async () => {
    const url = `${started.fleet.url}/scim/v2`;
    const program = join(environment, 'bin', 'scim-sanity');
    const options = ['--i-accept-side-effects', '--json-output', '--user-domain', acme.domain];
    // It exits with 1 for the one that fails.
    const { stdout } = await run(program, ['probe', url, '--token', acme.token, ...options]).catch(
      cause => cause,
    );
    const { results } = JSON.parse(stdout) as { results: { name: string; status: string }[] };
    expect(results.length).toBeGreaterThan(30);
    expect(results.filter(({ status }) => status === 'fail').map(({ name }) => name)).toEqual([
      'PATCH /Groups/{id} add member',
    ]);
  });
});
