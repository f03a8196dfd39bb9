import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { freePorts } from '../provision/ports.ts';
import { launch } from './launch.ts';
import { reachStores } from './reach-stores.ts';

const database = process.env.TEST_DATABASE_ADMIN_URL!;
const redis = process.env.TEST_REDIS_URL!;

/** The same address with other parts. */
function other(address: string, parts: Partial<URL>): string {
  return Object.assign(new URL(address), parts).href;
}

describe('a store that the operator set', () => {
  let unused: number;
  let silent: Server;
  beforeEach(async () => {
    [unused] = (await freePorts(1)) as [number];
    silent = createServer(() => {});
    await once(silent.listen(0, '127.0.0.1'), 'listening');
  });
  afterEach(() => void silent.close());

  const refusal = (operator: NodeJS.ProcessEnv) =>
    reachStores(operator).then(
      () => 'none',
      (error: Error) => error.message,
    );

  it('is used where it answers', async () => {
    expect(await refusal({ DATABASE_ADMIN_URL: database, REDIS_URL: redis })).toBe('none');
  });

  it.each(['DATABASE_ADMIN_URL', 'REDIS_URL'])(
    '%s at which nobody listens is named with what to do',
    async name => {
      const url = other(name === 'REDIS_URL' ? redis : database, { port: String(unused) });
      const said = await refusal({ [name]: url });
      expect(said).toContain(`${name}: no`);
      expect(said).toContain(`127.0.0.1:${unused} (ECONNREFUSED)`);
      expect(said).toContain(`start without ${name}`);
    },
  );

  it.each(['DATABASE_ADMIN_URL', 'REDIS_URL'])(
    '%s with a wrong password is said, and not the password',
    async name => {
      const url = other(name === 'REDIS_URL' ? redis : database, { password: 'wrong-horse' });
      const said = await refusal({ [name]: url });
      expect(said).toMatch(new RegExp(`^${name}: .* refuses the user or the password`));
      expect(said).not.toContain('wrong-horse');
    },
  );

  it.each(['DATABASE_ADMIN_URL', 'REDIS_URL'])(
    '%s that accepts and says nothing is given up in seconds',
    async name => {
      const { port } = silent.address() as AddressInfo;
      const began = performance.now();
      const said = await refusal({
        [name]: other(name === 'REDIS_URL' ? redis : database, { port: String(port) }),
      });
      expect(said).toContain(`${name}: no`);
      expect(performance.now() - began).toBeLessThan(30_000);
    },
  );

  it.each([
    [{ REDIS_URL: 'localhost:6379' }, 'REDIS_URL is not an address like redis://'],
    [
      { DATABASE_ADMIN_URL: 'mysql://root@localhost/x' },
      'DATABASE_ADMIN_URL is not an address like postgres://',
    ],
    [{ REDIS_URL: 'redis+sentinel://:wrong-horse@localhost' }, 'REDIS_URL names no master'],
    [{ REDIS_URL: 'redis+cluster://:wrong-horse@127.0.0.1:1' }, 'REDIS_URL: no master answers there'],
    [{ REDIS_URL: 'redis+sentinel://:wrong-horse@127.0.0.1:1/main' }, 'REDIS_URL: no master answers there'],
    [{ REDIS_URL: 'redis://no-such-host.invalid' }, 'REDIS_URL: no Redis answers at no-such-host.invalid'],
  ])('%j is refused', async (operator, said) => {
    const refused = await refusal(operator);
    expect(refused).toContain(said);
    expect(refused).not.toContain('wrong-horse');
  });

  it('is refused where its user may not create roles', async () => {
    const role = `weak_${randomBytes(4).toString('hex')}`;
    const admin = new pg.Client({ connectionString: database });
    await admin.connect();
    await admin.query(`create role ${role} login password 'weak'`);
    const url = other(database, { username: role, password: 'weak' });
    expect(await refusal({ DATABASE_ADMIN_URL: url })).toContain('is not a superuser');
    await admin.query(`drop role ${role}`);
    await admin.end();
  });

  it('is complained about together with the other, before anything is started', async () => {
    const dataDirectory = join(mkdtempSync(join(tmpdir(), 'rivergate-stores-')), 'data');
    const operator = {
      DATABASE_ADMIN_URL: other(database, { port: String(unused) }),
      REDIS_URL: other(redis, { password: 'wrong-horse' }),
    };
    await expect(launch({ dataDirectory, port: 0, operator })).rejects.toThrow(
      /DATABASE_ADMIN_URL: no PostgreSQL(.|\n)*REDIS_URL: Redis/,
    );
    expect(existsSync(dataDirectory)).toBe(false);
    rmSync(join(dataDirectory, '..'), { recursive: true });
  });
});
