import { describe, expect, it } from 'vitest';
import { generateSecrets } from './src/environment.ts';
import { textOf } from './src/testing/clone.ts';
import { composeFile } from './src/testing/compose-file.ts';

const joined = textOf('deploy/Dockerfile')
  .replaceAll(/^#.*\n/gm, '')
  .replaceAll(/\\\n\s*/g, '');
const instructions = joined
  .split('\n')
  .filter(Boolean)
  .map(line => {
    const [, name = '', rest = ''] = /^(\w+)\s+(.*)$/.exec(line) ?? [];
    return { name, rest };
  });
const stages: (typeof instructions)[] = [];
for (const instruction of instructions) {
  if (instruction.name === 'FROM') stages.push([]);
  stages.at(-1)?.push(instruction);
}
const [build = [], final = []] = stages;
const all = (name: string, among = instructions) =>
  among.filter(each => each.name === name).map(({ rest }) => rest);

describe('deploy/Dockerfile', () => {
  it('builds in one stage and runs in another, both on the Node that the clone pins', () => {
    const [, version] = /NODE_VERSION = '([\d.]+)'/.exec(textOf('fleet/bootstrap.mjs'))!;
    expect(all('FROM')).toEqual([`node:${version}-bookworm-slim AS build`, `node:${version}-bookworm-slim`]);
  });

  it('installs with the pnpm that the clone pins, by the lock file, without what only development needs', () => {
    const { packageManager } = JSON.parse(textOf('package.json'));
    const runs = all('RUN', build);
    expect(runs[0]).toContain(` ${packageManager}`);
    expect(runs.at(-1)).toContain('--frozen-lockfile --prod');
    expect(runs.at(-1)).toContain('--offline');
    // What `pnpm fetch` lays out has no workspace links, and would pass for installed.
    expect(runs).toContain('pnpm fetch --prod && rm -rf node_modules');
  });

  it('installs for the gateway, every service and their libs', () => {
    const selected = all('RUN', build).at(-1)!;
    for (const selector of ['@rivergate/gateway...', '@rivergate/deploy...', '{./services/*}...']) {
      expect(selected).toContain(`--filter-prod '${selector}'`);
    }
  });

  it('copies the lock file before the sources, so that a changed source installs nothing anew', () => {
    expect(all('COPY', build)).toEqual(['pnpm-lock.yaml pnpm-workspace.yaml ./', '. .']);
  });

  it('runs as somebody without rights, who owns none of the code', () => {
    const user = final.findIndex(({ name }) => name === 'USER');
    expect(final[user]?.rest).toMatch(/^[1-9]\d*:[1-9]\d*$/);
    expect(final.slice(user).map(({ name }) => name)).not.toContain('COPY');
    expect(all('COPY', final).join()).not.toContain('--chown');
  });

  it('has a health check and starts node without a shell between', () => {
    expect(all('HEALTHCHECK')).toHaveLength(1);
    for (const command of [...all('ENTRYPOINT'), ...all('CMD')]) {
      expect(JSON.parse(command)).toEqual(expect.any(Array));
    }
  });

  it('holds no secret, fetches nothing by ADD, and runs no sudo', () => {
    expect(all('ADD')).toEqual([]);
    expect(all('ARG')).toEqual([]);
    expect(all('ENV').join()).not.toMatch(/KEY|SECRET|TOKEN|PASSWORD/i);
    expect(all('RUN').join()).not.toMatch(/\bsudo\b|curl|wget|\.npmrc|latest/);
  });

  it('has every file that a container starts', () => {
    const { services } = composeFile(generateSecrets());
    const started = Object.values(services)
      .filter(({ image }) => image.startsWith('rivergate:'))
      .flatMap(({ command = [] }) => command);
    for (const file of [...started, 'deploy/src/check-health.ts', 'deploy/src/generate-env.ts']) {
      expect(textOf(file).length, file).toBeGreaterThan(0);
    }
  });
});

describe('the documents', () => {
  it.each(['README.md', 'docs/operations.md'])('%s names the image as it is', document => {
    const { version } = JSON.parse(textOf('package.json'));
    const named = [...textOf(document).matchAll(/rivergate:(\d[\w.-]*)/g)].map(match => match[1]);
    expect(new Set(named)).toEqual(new Set([version]));
  });
});

describe('.dockerignore', () => {
  const patterns = textOf('.dockerignore')
    .split('\n')
    .filter(line => line && !line.startsWith('#'));

  it('lets in by name only, and never a secret or installed dependencies', () => {
    expect(patterns[0]).toBe('*');
    const refused = patterns.slice(patterns.lastIndexOf('!deploy/src') + 1);
    expect(refused).toEqual(expect.arrayContaining(['**/node_modules', '**/.env*']));
    expect(refused.filter(pattern => pattern.startsWith('!'))).toEqual([]);
  });
});
