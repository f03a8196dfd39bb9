import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { clone } from '../launch/roster.ts';

/** What opens a connection, of the modules that also do other things; of the others, everything. */
const CONNECTING: Record<string, RegExp> = {
  'node:http': /\b(request|get|Agent|ClientRequest)\b|\*/,
  'node:https': /./,
  'node:http2': /\bconnect\b|\*/,
  'node:net': /\b(connect|createConnection|Socket)\b|\*/,
  'node:tls': /\b(connect|TLSSocket)\b|\*/,
  undici: /./,
  'openid-client': /./,
  oauth4webapi: /./,
  jose: /\bcreateRemoteJWKSet\b|\*/,
};
const IMPORT = /^import (?!type )([^;']+) from '([^']+)';/gm;
const GLOBAL = /(?<![.\w])(?:globalThis\.)?fetch\(|\bnew (?:WebSocket|EventSource)\(/;

const guarded = 'reads keys where a client publishes them, through the guarded fetcher alone';
const operators = 'asks the provider that the operator has set up, which may be inside by right';
const otherwise: Record<string, string> = {
  'libs/endpoint/src/client.ts': 'the typed client between services',
  'services/identity/src/oauth/client-assertion/client-keys.ts': guarded,
  'services/identity/src/social/providers/client.ts': operators,
  'services/identity/src/social/providers/github/github.ts': operators,
  'services/identity/src/social/providers/oidc.ts': operators,
  'services/sso/src/oidc/provider-memory.ts':
    'fetches what a provider publishes, through the guarded fetcher alone',
  'services/sso/src/oidc/refusal-of.ts': 'knows the errors of openid-client, and asks nobody',
  'services/sso/src/oidc/relying-party.ts':
    'asks the provider that an administrator has set up, by what the memory of providers gives it',
};

it('services reach each other by the typed client, and what a user names by the guarded fetcher alone', () => {
  const found = globSync('{services,libs}/*/src/**/*.ts', { cwd: clone })
    .filter(file => !/\.test\.ts$|\/testing\/|^libs\/outbound\//.test(file))
    .filter(file => {
      const source = readFileSync(join(clone, file), 'utf8');
      const imports = [...source.matchAll(IMPORT)];
      return GLOBAL.test(source) || imports.some(([, names, from]) => CONNECTING[from!]?.test(names!));
    });
  expect(found.toSorted()).toEqual(Object.keys(otherwise));
});
