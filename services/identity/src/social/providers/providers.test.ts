import { describe, expect, it } from 'vitest';
import { providersFromEnv } from './index.ts';

const PUBLIC_URL = 'http://rivergate.test';

describe('the settings of a provider', () => {
  it('are none where no client is registered', () => {
    expect([...providersFromEnv({}, PUBLIC_URL).keys()]).toEqual([]);
    expect([...providersFromEnv({ SOCIAL_GOOGLE_CLIENT_ID: '' }, PUBLIC_URL).keys()]).toEqual([]);
  });
  it('stop the service from starting where one is missing, and name it', () => {
    expect(() => providersFromEnv({ SOCIAL_GITHUB_CLIENT_ID: 'x' }, PUBLIC_URL)).toThrow(
      'SOCIAL_GITHUB_CLIENT_SECRET is missing',
    );
    expect(() => providersFromEnv({ SOCIAL_APPLE_CLIENT_ID: 'x' }, PUBLIC_URL)).toThrow(
      'SOCIAL_APPLE_TEAM_ID',
    );
  });
  it('name no address without TLS, but on this machine', () => {
    const env = { SOCIAL_GOOGLE_CLIENT_ID: 'x', SOCIAL_GOOGLE_CLIENT_SECRET: 'y' };
    for (const issuer of ['http://accounts.example', 'http://127.0.0.1.example', 'ftp://x', 'nonsense'])
      expect(() => providersFromEnv({ ...env, SOCIAL_GOOGLE_ISSUER: issuer }, PUBLIC_URL)).toThrow(
        'SOCIAL_GOOGLE_ISSUER is no https address',
      );
  });
});
