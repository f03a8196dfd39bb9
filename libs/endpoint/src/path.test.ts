import { describe, expect, it } from 'vitest';
import { byPrecedence, publicPath, templatePath } from './index.ts';

describe('paths', () => {
  it('lie under /api/v1 unless a standard or the fleet fixes them', () => {
    expect(publicPath({ path: '/sessions' })).toBe('/api/v1/sessions');
    for (const path of [
      '/internal/x',
      '/api/v1/oauth/x',
      '/.well-known/jwks.json',
      '/oauth/token',
      '/scim/v2/Users',
    ]) {
      expect(publicPath({ path })).toBe(path);
    }
    expect(publicPath({ path: '/oauth-applications' })).toBe('/api/v1/oauth-applications');
  });
  it('show their parameters in braces to readers of the API document', () => {
    expect(templatePath({ path: '/sessions/:session_id' })).toBe('/api/v1/sessions/{session_id}');
  });
  it('let static segments win over parameters', () => {
    const paths = ['/policies/:policy_id', '/policies/dashboard', '/:any/dashboard', '/policies'];
    expect(paths.sort(byPrecedence)).toEqual([
      '/policies/dashboard',
      '/policies/:policy_id',
      '/policies',
      '/:any/dashboard',
    ]);
  });
});
