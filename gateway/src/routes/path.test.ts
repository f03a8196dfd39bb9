import { describe, expect, it } from 'vitest';
import { canonicalTarget } from './path.ts';

describe('a request target', () => {
  it.each([
    ['/api/v1/things', '/api/v1/things', ''],
    ['/api/v1/things/', '/api/v1/things', ''],
    ['/api/things', '/api/v1/things', ''],
    ['/api/things/?a=1&b=%2F', '/api/v1/things', '?a=1&b=%2F'],
    ['/api/v1/things?', '/api/v1/things', ''],
    ['/', '/', ''],
    ['/api/v1/%74hings', '/api/v1/things', ''],
    ['/api/v1/files/a%20b', '/api/v1/files/a%20b', ''],
    ['/api/v1/files/100%25', '/api/v1/files/100%25', ''],
    ['/api/v1/files/%c3%bc', '/api/v1/files/%C3%BC', ''],
    ['http://gateway.test/api/v1/things?x', '/api/v1/things', '?x'],
    ['http://gateway.test', '/', ''],
  ])('%s has one canonical form', (raw, path, query) => {
    expect(canonicalTarget(raw)).toEqual({ path, query });
  });

  it.each([
    '/api/v1/../internal/manifest',
    '/api/v1/./things',
    '/api/v1/things/..',
    '/api/v1/%2e%2e/internal',
    '/api/v1/%2E./internal',
    '/api/v1/a%2fb',
    '/api/v1/a%5cb',
    '/api/v1/a\\b',
    '//api/v1/things',
    '/api//v1/things',
    '/api/v1/things//',
    '/api/v1/a%00b',
    '/api/v1/a%0d%0ab',
    '/api/v1/%ff',
    '/api/v1/%zz',
    '/api/v1/%',
    '/api/v1/%ed%a0%80',
    '/api/v1/things#part',
    '/api/v1/things?a#part',
    '/api/v1/th<ings',
    '/api/v1/th ings',
    '*',
    'gateway.test:443',
    'ftp://gateway.test/',
    '',
  ])('%j is refused, as it could be read in two ways', raw => {
    expect(() => canonicalTarget(raw)).toThrow(
      expect.objectContaining({ status: 400, code: 'MALFORMED_REQUEST' }),
    );
  });
});
