import { describe, expect, it } from 'vitest';
import { parseRedisUrl } from './address.ts';

describe('REDIS_URL', () => {
  it.each([
    ['redis://localhost', false],
    ['rediss://user:p%40ss@redis.example:6380/2', true],
    ['redis://[::1]:6379', false],
    ['/run/redis.sock', false],
  ])('%s is one server', (url, tls) => {
    expect(parseRedisUrl(url)).toEqual({ form: 'single', url, tls });
  });

  it('names Sentinels, the master behind them and its database, with a login for each', () => {
    expect(
      parseRedisUrl(
        'redis+sentinel://me:p%40%3As@a:1,[::1]:2,c/my%2Dmaster/3?sentinel_username=s&sentinel_password=%2Fp',
      ),
    ).toEqual({
      form: 'sentinel',
      sentinels: [
        { host: 'a', port: 1 },
        { host: '::1', port: 2 },
        { host: 'c', port: 26_379 },
      ],
      master: 'my-master',
      database: 3,
      login: { username: 'me', password: 'p@:s' },
      sentinelLogin: { username: 's', password: '/p' },
      tls: false,
    });
    expect(parseRedisUrl('rediss+sentinel://:only@a/main')).toMatchObject({
      login: { password: 'only' },
      database: 0,
      sentinelLogin: {},
      tls: true,
    });
  });

  it('names nodes of a cluster', () => {
    expect(parseRedisUrl('rediss+cluster://:p@a:7000,b')).toEqual({
      form: 'cluster',
      nodes: [
        { host: 'a', port: 7000 },
        { host: 'b', port: 6379 },
      ],
      login: { password: 'p' },
      tls: true,
    });
  });

  it.each([
    '',
    'localhost:6379',
    'redis:localhost',
    'rediss://localhost?tls=',
    'REDISS://localhost',
    'http://localhost',
    'redis+cluster://',
    'redis+cluster://a,,b',
    'redis+cluster://a:99999',
    'redis+cluster://a/1',
    'redis+sentinel://a',
    'redis+sentinel://a/main/x',
    'redis+sentinel://a/main/1/2',
    'redis+sentinel:a/main',
    'redis+other://a/main',
  ])('%j is refused', url => {
    expect(() => parseRedisUrl(url)).toThrow();
  });

  it('that is wrong is told of without its password', () => {
    for (const url of ['redis+sentinel://:secret@a', 'redis+cluster://:secret@a:99999', 'redis//:secret@a']) {
      expect(() => parseRedisUrl(url)).toThrow(
        expect.not.objectContaining({ message: expect.stringContaining('secret') }),
      );
    }
  });
});
