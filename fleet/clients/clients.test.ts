import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createConfig, lintFromString } from '@redocly/openapi-core';
import { example } from '@rivergate/example';
import type { ServiceDefinition } from '@rivergate/service';
import { testGo, testPython } from '@rivergate/testing/on-demand';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from '../acceptance/fleet.ts';
import { codeSentTo, PASSWORD, uniqueEmail } from '../acceptance/person.ts';
import { clone } from '../src/launch/roster.ts';
import { goClient, prepareGo } from './go-client.ts';
import { preparePython, pythonClient } from './python-client.ts';
import { typescriptClient } from './typescript-client.ts';

/** Downloading and building the generators takes long, once in the life of a clone. */
const PREPARING = 900_000;

const [goHere, pythonHere] = await Promise.all([testGo(), testPython()]);

const scratch = join(clone, '.test', `clients-${process.pid}`);
const document = join(scratch, 'openapi.json');
const directory = (name: string) => {
  const made = join(scratch, name);
  mkdirSync(made, { recursive: true });
  return made;
};

let fleet: AcceptanceFleet;
let text: string;
beforeAll(async () => {
  // With the example, which has what the services themselves have not yet.
  fleet = await startFleet({ instead: [example as ServiceDefinition] });
  ({ text } = await fleet.caller().get('/api/v1/openapi.json'));
  mkdirSync(scratch, { recursive: true });
  writeFileSync(document, text);
});
afterAll(async () => {
  await fleet?.stop();
  rmSync(scratch, { recursive: true, force: true });
});

describe('the API document', () => {
  it('passes the recommended rules of Redocly', async () => {
    const config = await createConfig({
      extends: ['recommended'],
      rules: {
        // Clients handle failures by `Error`, which every narrower schema agrees with and none refers to.
        'no-unused-components': 'off',
        'tag-description': 'off',
        // What is served on this machine only has no other address.
        'no-server-example.com': 'off',
        // A literal segment wins over a parameter, which the catalogue's paths count on.
        'no-ambiguous-paths': 'off',
        // The authorization endpoint of OAuth answers by redirect alone (RFC 6749, section 4.1.2).
        'operation-2xx-response': 'off',
      },
    });
    const problems = await lintFromString({ source: text, absoluteRef: document, config });
    expect(problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer])).toEqual(
      [],
    );
  });

  it('says of every operation what it answers when it succeeds', () => {
    const { paths } = JSON.parse(text) as {
      paths: Record<string, Record<string, { operationId: string; responses: object }>>;
    };
    const operations = Object.values(paths).flatMap(methods => Object.values(methods));
    const silent = operations.filter(
      ({ responses }) => !Object.keys(responses).some(status => /^(?:2|30[1-37])/.test(status)),
    );
    expect(operations.length).toBeGreaterThan(38);
    expect(silent.map(({ operationId }) => operationId)).toEqual([]);
  });
});

describe('a client made from the API document', () => {
  it('in TypeScript does the main job', async () => {
    const emails = { owner: uniqueEmail('owner'), guest: uniqueEmail('guest') };
    const mainJob = await typescriptClient(JSON.parse(text), directory('typescript'));
    const people = Object.values(emails);
    const found = await mainJob({
      url: fleet.url,
      password: PASSWORD,
      emails,
      codeSentTo: email => codeSentTo(fleet, email),
      headersOf: email => ({ 'x-forwarded-for': `10.2.0.${1 + people.indexOf(email)}` }),
    });
    expect(found).toEqual({
      organization: `Organization of ${emails.owner}`,
      members: { [emails.owner]: 'Admin', [emails.guest]: 'Developer' },
      second: 'INVITATION_ALREADY_ACCEPTED',
      csv: expect.arrayContaining([expect.stringMatching(/^id,/)]),
    });
  });

  describe.skipIf(!pythonHere.value)('in Python', () => {
    let environment: string;
    beforeAll(async () => {
      environment = await preparePython(pythonHere.value!);
    }, PREPARING);

    it('is generated without a warning, and every module of it loads', async () => {
      expect(await pythonClient(environment, document, directory('python'))).toEqual([]);
    });
  });

  describe.skipIf(!goHere.value)('in Go', () => {
    beforeAll(() => prepareGo(goHere.value!), PREPARING);

    it('is generated, compiles, and passes go vet', async () => {
      await goClient(goHere.value!, document, directory('go'));
    });
  });
});
