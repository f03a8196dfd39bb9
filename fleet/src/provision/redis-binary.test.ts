import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silence } from '../console/progress.ts';
import { redisBinary } from './redis-binary.ts';

const path = process.env.PATH;
let directory: string;

/** A program that answers --version like a Redis. */
function pretend(file: string, version: string) {
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\necho "${version}"\n`);
  chmodSync(file, 0o755);
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'rivergate-redis-'));
  process.env.PATH = join(directory, 'bin');
});

afterEach(() => {
  process.env.PATH = path;
  rmSync(directory, { recursive: true });
});

describe('which Redis is used', () => {
  it('is the one on the PATH', async () => {
    pretend(join(directory, 'bin', 'redis-server'), 'Redis server v=7.2.4 sha=00000000:0 malloc=jemalloc');
    const found = await redisBinary(join(directory, 'tools'), silence);
    expect(found).toMatchObject({ command: join(directory, 'bin', 'redis-server'), title: 'Redis 7.2.4' });
  });

  it('is Valkey where there is no Redis', async () => {
    pretend(join(directory, 'bin', 'valkey-server'), 'Valkey server v=8.0.1 sha=00000000:0');
    expect(await redisBinary(join(directory, 'tools'), silence)).toMatchObject({ title: 'Valkey 8.0.1' });
  });

  it('is the one unpacked earlier, with the libraries unpacked beside it, where the one on the PATH is too old', async () => {
    pretend(join(directory, 'bin', 'redis-server'), 'Redis server v=5.0.7');
    const unpacked = join(directory, 'tools', 'redis', 'root', 'usr');
    pretend(join(unpacked, 'bin', 'redis-server'), 'Redis server v=7.0.15');
    mkdirSync(join(unpacked, 'lib', 'x86_64-linux-gnu'), { recursive: true });
    const found = await redisBinary(join(directory, 'tools'), silence);
    expect(found.command).toBe(join(unpacked, 'bin', 'redis-server'));
    expect(found.env.LD_LIBRARY_PATH).toContain(join(unpacked, 'lib', 'x86_64-linux-gnu'));
  });

  it('is unpacked into the clone from the packages of Debian, by root as well: the system stays as it is', async () => {
    // apt-get and dpkg as far as they matter here: a plan, a package, and what is in it.
    const bin = join(directory, 'bin');
    pretend(join(bin, 'apt-get'), '');
    writeFileSync(
      join(bin, 'apt-get'),
      `#!/bin/sh
case "$*" in
  *download*redis-server=5:7.0.15*) echo > redis-server.deb ;;
  *--simulate*) echo 'Inst redis-server (5:7.0.15 Debian:12/stable [amd64])' ;;
  *update*) ;;
  *) exit 100 ;;
esac
`,
    );
    pretend(join(bin, 'dpkg'), '');
    writeFileSync(
      join(bin, 'dpkg'),
      `#!/bin/sh
/bin/mkdir -p "$3/usr/bin"
printf '#!/bin/sh\\necho "Redis server v=7.0.15"\\n' > "$3/usr/bin/redis-server"
/bin/chmod 755 "$3/usr/bin/redis-server"
`,
    );
    const steps: string[] = [];
    const found = await redisBinary(join(directory, 'tools'), {
      ...silence,
      step(title, work) {
        steps.push(title);
        return work();
      },
    });
    expect(found.command).toBe(join(directory, 'tools', 'redis', 'root', 'usr', 'bin', 'redis-server'));
    expect(steps.at(-1)).toMatch(/^unpacking Redis into/);
  });

  it('that cannot be installed is reported with the commands that install it', async () => {
    mkdirSync(join(directory, 'bin'));
    await expect(redisBinary(join(directory, 'tools'), silence)).rejects.toThrow(
      /sudo apt-get install redis-server(.|\n)*REDIS_URL/,
    );
  });
});
