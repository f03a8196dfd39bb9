import { describe, expect, it } from 'vitest';
import { isAway } from './unavailable.ts';

describe('Redis is away', () => {
  it.each([
    'CLUSTERDOWN The cluster is down',
    'MOVED 866 127.0.0.1:7001',
    'TRYAGAIN Multiple keys request during rehashing of slot',
    'READONLY You can`t write against a read only replica.',
    'NOREPLICAS Not enough good replicas to write.',
    'MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to `no`.',
    'Too many Cluster redirections. Last error: Error: MOVED 866 127.0.0.1:7001',
    "Cluster isn't ready and enableOfflineQueue options is false",
    'None of startup nodes is available',
    'All sentinels are unreachable and retry is disabled. Last error: connect ECONNREFUSED',
    'Command timed out',
    'Connection is closed.',
  ])('when ioredis says: %s', message => {
    expect(isAway(new Error(message))).toBe(true);
  });

  it('when no node of a cluster tells who has which slots', () => {
    const failed = Object.assign(new Error('Failed to refresh slots cache.'), {
      name: 'ClusterAllFailedError',
    });
    expect(isAway(new Error('A question failed', { cause: failed }))).toBe(true);
  });

  it('not when it refuses what it was asked', () => {
    for (const message of [
      'WRONGTYPE Operation against a key',
      'CROSSSLOT Keys in request',
      'NOPERM No permissions',
    ])
      expect(isAway(new Error(message))).toBe(false);
  });
});
