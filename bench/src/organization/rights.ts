import { join } from 'node:path';
import { holdsIn } from '@rivergate/caller';
import { SERVICES, urlVariable } from '@rivergate/service';
import { administrator, credentialCaller, signedIn, type TestEnvironment } from '@rivergate/testing';
import { Pool } from 'undici';
import { accessTokens } from '../gateway/access-tokens.ts';
import { startIdentity } from '../gateway/identity.ts';
import { load } from '../gateway/load.ts';
import { cores, type Running, startProcess } from '../gateway/process.ts';
import { unlimited } from '../gateway/scene.ts';
import type { Filled } from './seed.ts';
import { keepSession } from './session.ts';

const CHANGES = 200;

/**
 * Decisions about rights a second, by a function on what is known of the caller and by a gateway before the service; and how long
 * it takes from a change of a member's role to a request of the member that is decided by it.
 */
export async function benchRights(
  environment: TestEnvironment,
  {
    service,
    large,
    viewerId,
    adminId,
  }: { service: Running; large: Filled; viewerId: number; adminId: number },
  print: (line: string) => void,
): Promise<void> {
  const started: { stop(): Promise<void> }[] = [];
  try {
    const member = { userId: large.firstUser + 1, sessionId: 77 };
    const tokens = await accessTokens();
    const identity = await startIdentity(tokens.jwk);
    started.push(identity);
    const gateway = await startProcess(
      join(import.meta.dirname, '../../../gateway/src/main.ts'),
      [],
      {
        ...environment.of('gateway'),
        ...unlimited,
        ...Object.fromEntries(SERVICES.map(({ name }) => [urlVariable(name), `${identity.url}/${name}`])),
        ORGANIZATION_URL: service.url,
        PUBLIC_URL: tokens.issuer,
        GATEWAY_WORKERS: '1',
        LOG_LEVEL: 'error',
        PORT: undefined,
        NODE_ENV: 'production',
      },
      cores.proxy,
    );
    started.push(gateway);
    await keepSession(environment.redisUrl, member);
    const caller = { subject: member.userId, sessionId: member.sessionId, organizationId: large.id };
    const authorization = `Bearer ${await tokens.sign(caller)}`;

    const { perSecond, failures } = await load({
      url: `${gateway.url}/api/v1/organizations/${large.id}`,
      headers: { authorization },
      connections: 32,
      seconds: 4,
      core: null,
    });
    print(
      `  permission decisions a second: ${(inProcess() / 1e6).toFixed(1)} million in process, ${perSecond.toFixed(0)} through the gateway, each with the answer of the service${failures > 0 ? ` (${failures} failed)` : ''}`,
    );

    const admin = credentialCaller(
      environment.of('gateway'),
      service.url,
      'organization',
      administrator({ userId: 1, organizationId: large.id }),
    );
    const pool = new Pool(gateway.url, { connections: 1 });
    const status = async () => {
      const path = `/api/v1/organizations/${large.id}/audit-shipping`;
      const answer = await pool.request({ method: 'GET', path, headers: { authorization } });
      await answer.body.dump();
      return answer.statusCode;
    };
    const [answered, effective]: [number[], number[]] = [[], []];
    for (let count = 0; count < CHANGES; count++) {
      const promotes = count % 2 === 0;
      const began = performance.now();
      const change = admin
        .patch(`/api/v1/organizations/${large.id}/members/${member.userId}`, {
          role_id: promotes ? adminId : viewerId,
        })
        .expect(200)
        .then(() => answered.push(performance.now() - began));
      while (((await status()) !== 403) !== promotes);
      effective.push(performance.now() - began);
      await change;
    }
    await pool.close();
    const figures = (times: number[]) => {
      times.sort((one, other) => one - other);
      return `p50 ${times[Math.floor(times.length / 2)]!.toFixed(1)} ms, p99 ${times[Math.floor(times.length * 0.99)]!.toFixed(1)} ms`;
    };
    print(
      `  a change of role: answered after ${figures(answered)}; in effect at the gateway after ${figures(effective)}`,
    );
  } finally {
    for (const part of started.reverse()) await part.stop();
  }
}

/** Of somebody with roles in several workspaces. */
function inProcess(): number {
  const principal = signedIn({
    userId: 1,
    organizationId: 1,
    permissions: ['workspace.read', 'policy.read'],
    workspaces: Array.from({ length: 5 }, (_, index) => ({
      workspaceIds: [index],
      permissions: ['workspace.write', 'query.execute'],
    })),
  });
  let held = 0;
  const began = performance.now();
  const count = 2_000_000;
  for (let at = 0; at < count; at++) if (holdsIn(principal, 'workspace.write', at % 8)) held += 1;
  if (held !== (count / 8) * 5) throw new Error('A decision was wrong');
  return count / ((performance.now() - began) / 1_000);
}
