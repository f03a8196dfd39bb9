import { createHmac, generateKeyPairSync, sign } from 'node:crypto';
import { RATE_LIMITS } from '@rivergate/caller';
import { example } from '@rivergate/example';
import type { ServiceDefinition } from '@rivergate/service';
import type { TestCaller } from '@rivergate/testing';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type AcceptanceFleet, startFleet } from './fleet.ts';
import { expectRefusal, fill, type Operation, operationsOf, wrongValue } from './operation.ts';
import { data, foundOrganization, type Person, signUp } from './person.ts';

const unlimited = Object.fromEntries(
  Object.keys(RATE_LIMITS).map(name => [`RATE_LIMIT_${name.toUpperCase()}`, '1000000/60']),
);

let fleet: AcceptanceFleet;
let owner: Person;
/** Who provisions the organization by SCIM. */
let provisioner: TestCaller;
let known: Record<string, string | number>;
let operations: Operation[];
let database: pg.Client;

beforeAll(async () => {
  // With the example, which takes bodies in every way that there is.
  fleet = await startFleet({ env: unlimited, instead: [example as ServiceDefinition] });
  owner = await signUp(fleet, 'owner');
  const organization = await foundOrganization(owner);
  known = {
    org_id: organization.id,
    workspace_id: organization.workspaceId,
    user_id: owner.id,
    upload_id: 'x'.repeat(43),
  };
  owner = owner.with(data(await owner.post(`${organization.path}/switch`, {})));
  data(await owner.put('/api/v1/sso/scim', { enabled: true }));
  provisioner = fleet.caller(data(await owner.post('/api/v1/sso/scim/token', {}), 201).token);
  operations = await operationsOf(fleet);
  database = new pg.Client({ connectionString: fleet.environment.databaseAdminUrl });
  await database.connect();
});
afterAll(async () => {
  await database?.end();
  await fleet?.stop();
});

/** How many rows each table of every service holds, but those that say of a request that it was refused. */
async function rows(): Promise<Record<string, number>> {
  const { rows: tables } = await database.query<{ name: string }>(
    `select format('%I.%I', schemaname, tablename) as name from pg_tables
     where schemaname not in ('pg_catalog', 'information_schema', 'event_log') and tablename not in ('inbox', 'outbox', 'outgoing_mail', 'scim_attempts')`,
  );
  const counts: Record<string, number> = {};
  for (const { name } of tables) {
    const { rows: counted } = await database.query(`select count(*)::int as count from ${name}`);
    counts[name] = counted[0].count;
  }
  return counts;
}

/** Sends something bad to every operation that it suits, and sees that nothing of it stays. */
async function everywhere(
  suits: (operation: Operation) => boolean,
  attempt: (operation: Operation) => Promise<void>,
) {
  const before = await rows();
  const suited = operations.filter(suits);
  expect(suited.length).toBeGreaterThan(0);
  for (const operation of suited) await attempt(operation);
  expect(await rows()).toEqual(before);
}

/**
 * Providers of logins send more than is asked for, and so may clients of OAuth (RFC 6749, section 3.1): what is not
 * known is passed over, and the next thing is wrong, with this status.
 */
const passingOver: [RegExp, number][] = [
  [/^(?:GET|POST) \/api\/v1\/auth\/oauth\/\{provider\}\/callback$/, 400],
  [/^GET \/api\/v1\/sso\/providers\/\{provider_id\}\/(?:logout\/)?callback$/, 404],
  [/^[A-Z]+ \/oauth\/register\/\{client_id\}$/, 401],
  [/^[A-Z]+ \/oauth\/userinfo$/, 403],
  [/^(?:GET \/api\/v1\/oauth\/app-info|POST \/api\/v1\/oauth\/authorize)$/, 400],
];
const orNext = ({ name }: Operation, status: number) => [
  status,
  ...passingOver.filter(([operation]) => operation.test(name)).map(([, next]) => next),
];

const raw = (body: string, headers = {}) => ({ raw: body, headers });
const anonymousOrOwner = (operation: Operation) =>
  operation.caller === 'scim' ? provisioner : operation.signedIn ? owner : fleet.caller();
type Options = { raw?: string | Uint8Array<ArrayBuffer>; headers?: Record<string, string> };
const sendAs = (caller: TestCaller, { method }: Operation, path: string, options: Options) =>
  method === 'get' ? caller.get(path, options) : caller[method](path, undefined, options);
const send = (operation: Operation, path: string, options: Options) =>
  sendAs(anonymousOrOwner(operation), operation, path, options);

describe('every declared endpoint', () => {
  it('is many', () => {
    expect(operations.length).toBeGreaterThan(38);
  });

  it('that is for signed-in callers refuses whoever is not', async () => {
    await everywhere(
      operation => operation.signedIn,
      async operation => {
        const path = fill(operation.path, known);
        const spoofed = {
          'x-org-id': String(known.org_id),
          'x-user-id': String(owner.id),
          'x-internal-credential': 'e30.e30.e30',
        };
        const authorizations = ['Basic YTpi', 'Bearer', 'Bearer a.b.c'];
        for (const headers of [{}, spoofed, ...authorizations.map(authorization => ({ authorization }))]) {
          const answer = await sendAs(fleet.caller(), operation, path, { headers });
          expectRefusal(operation, `with ${JSON.stringify(headers)}`, answer as never, [401]);
          expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
        }
      },
    );
  });

  it('refuses tokens that identity did not sign as they are', async () => {
    const tokens = forgeries(owner.tokens.access_token, await signingKeys());
    await everywhere(
      operation => operation.signedIn,
      async operation => {
        for (const [kind, token] of Object.entries(tokens)) {
          const headers = { authorization: `Bearer ${token}` };
          const path = fill(operation.path, known);
          const answer = await sendAs(fleet.caller(), operation, path, { headers });
          expectRefusal(operation, `with a token ${kind}`, answer as never, [401]);
        }
      },
    );
  });

  it('that takes a body refuses what is no JSON, no object, or the same key twice', async () => {
    await everywhere(
      operation => operation.body !== undefined,
      async operation => {
        const path = fill(operation.path, known);
        const [field] = Object.keys(operation.body?.properties ?? {});
        for (const body of [
          '{',
          '{"a":1,}',
          'null x',
          '\ufeff{',
          `{"${field}":1,"${field}":2}`,
          `${'{"a":'.repeat(200)}1${'}'.repeat(200)}`,
        ]) {
          expectRefusal(
            operation,
            `with ${body.slice(0, 40)}`,
            (await send(operation, path, raw(body))) as never,
            [400],
          );
        }
        for (const body of ['[]', '"text"', '7', 'null', 'true']) {
          expectRefusal(operation, `with ${body}`, (await send(operation, path, raw(body))) as never, [422]);
        }
      },
    );
  });

  it('that takes a body refuses other media types, and names those that it takes', async () => {
    await everywhere(
      operation => operation.content !== undefined,
      async operation => {
        const path = fill(operation.path, known);
        const taken = Object.keys(operation.content!);
        for (const type of [
          'text/plain',
          'application/x-www-form-urlencoded',
          'multipart/form-data; boundary=x',
          'application/xml',
          'application/octet-stream-too',
          'image/svg+xml',
          '*/*',
        ].filter(type => !taken.includes(type.split(';')[0]!))) {
          const answer = await send(operation, path, raw('{"a":1}', { 'content-type': type }));
          expectRefusal(operation, `as ${type}`, answer as never, [415]);
          expect(answer.headers.get('accept'), operation.name).toBe(taken.join(', '));
        }
      },
    );
  });

  it('that takes a body refuses content codings', async () => {
    await everywhere(
      operation => operation.content !== undefined,
      async operation => {
        for (const type of Object.keys(operation.content!)) {
          for (const coding of ['gzip', 'br', 'identity, gzip', 'nonsense']) {
            const headers = { 'content-type': type, 'content-encoding': coding };
            const answer = await send(operation, fill(operation.path, known), raw('{}', headers));
            expectRefusal(operation, `as ${type} in ${coding}`, answer as never, [415]);
            expect(answer.headers.get('accept-encoding')).toBe('identity');
          }
        }
      },
    );
  });

  /** MiB that are too much for an endpoint which takes a whole file in JSON. */
  const FILES_IN_JSON: Record<string, number> = { '/api/v1/users/bulk-import': 15 };

  it('that takes JSON refuses 3 MiB of it, or more where a file comes in it', async () => {
    await everywhere(
      operation => operation.body !== undefined,
      async operation => {
        const size = FILES_IN_JSON[operation.path] ?? 3;
        const huge = `{"a":"${'x'.repeat(size * 1024 * 1024)}"}`;
        const answer = await send(operation, fill(operation.path, known), raw(huge));
        expectRefusal(operation, `with ${size} MiB`, answer as never, [413]);
      },
    );
  });

  it('that takes a form refuses what is none, too much, or not as its schema says', async () => {
    const type = 'application/x-www-form-urlencoded';
    await everywhere(
      operation => operation.content?.[type] !== undefined,
      async operation => {
        for (const [body, status] of [
          ['a=%', 400],
          ['a=%ff', 400],
          ['a=\xff', 400],
          ['surprise=1', 422],
          ['__proto__=1', 422],
          ['constructor[prototype]=1', 422],
          ['a=%00', 422],
          ['a&'.repeat(10_000), 422],
          [`a=${'x'.repeat(3 * 1024 * 1024)}`, 413],
        ] as const) {
          const options = {
            raw: new Uint8Array(Buffer.from(body, 'latin1')),
            headers: { 'content-type': type },
          };
          const answer = await send(operation, fill(operation.path, known), options);
          expectRefusal(operation, `with ${body.slice(0, 30)}`, answer as never, orNext(operation, status));
        }
      },
    );
  });

  it('that takes files in parts refuses what is malformed, too much, or not declared', async () => {
    const type = 'multipart/form-data';
    await everywhere(
      operation => operation.content?.[type] !== undefined,
      async operation => {
        const [name, { contentType }] = Object.entries(operation.content![type]!.encoding!)[0]!;
        const [fileType] = contentType.split(', ');
        const part = (disposition: string, more = '', content = 'x') =>
          `--x\r\nContent-Disposition: form-data; ${disposition}\r\n${more}\r\n${content}\r\n`;
        const file = (filename: string, content?: string) =>
          part(`name="${name}"; filename="${filename}"`, `Content-Type: ${fileType}\r\n`, content);
        const end = '--x--\r\n';
        const good = `${type}; boundary=x`;
        for (const [what, body, status, contentType = good] of [
          ['no boundary', file('a') + end, 400, type],
          ['another boundary', file('a') + end, 400, `${type}; boundary=y`],
          ['nothing', '', 400],
          ['no end', file('a'), 400],
          ['an end within a file', file('a', 'x'.repeat(10_000)).slice(0, -100), 400],
          ['an end within its headers', file('a').slice(0, 30), 400],
          ['a transfer encoding', part(`name="${name}"`, 'Content-Transfer-Encoding: base64\r\n') + end, 400],
          ['no file', end, 422],
          ['an unknown field', part('name="surprise"') + file('a') + end, 422],
          ['an unknown file', part('name="surprise"; filename="a"') + end, 422],
          ['an inherited name', part('name="constructor"; filename="a"') + end, 422],
          ['3,000 parts', part('name="surprise"').repeat(3_000) + end, 422],
          ['a path', file('../../etc/passwd') + end, 422],
          ['NUL in a filename', file('a\0.png') + end, 422],
          ['another type', part(`name="${name}"`, 'Content-Type: text/html\r\n') + end, 415],
          ['headers without end', part(`name="${name}"`, `X: ${'x'.repeat(100_000)}\r\n`) + end, 415],
          ['large fields', part('name="surprise"', '', 'x'.repeat(300_000)) + file('a') + end, 413],
        ] as [string, string, number, string?][]) {
          const options = raw(body, { 'content-type': contentType });
          const answer = await send(operation, fill(operation.path, known), options);
          expectRefusal(operation, `with ${what}`, answer as never, [status]);
        }
      },
    );
  });

  it('refuses fields that it does not know, in body and query, but where SCIM passes them over', async () => {
    await everywhere(
      ({ protocol }) => protocol !== 'scim',
      async operation => {
        const path = fill(operation.path, known);
        expectRefusal(
          operation,
          `?surprise`,
          (await send(operation, `${path}?surprise=1`, {})) as never,
          orNext(operation, 422),
        );
        if (operation.method === 'get' || (operation.content && !operation.body)) return;
        const answer = await anonymousOrOwner(operation)[operation.method](path, {
          surprise: 1,
          __proto__: { a: 1 },
          constructor: {},
        });
        expectRefusal(operation, `with surprise`, answer as never, orNext(operation, 422));
      },
    );
  });

  it('refuses values of another type in each field', async () => {
    await everywhere(
      operation => operation.body !== undefined,
      async operation => {
        for (const [field, schema] of Object.entries(operation.body?.properties ?? {})) {
          const answer = await anonymousOrOwner(operation)[operation.method as 'post'](
            fill(operation.path, known),
            { [field]: wrongValue(schema) },
          );
          expectRefusal(operation, `with ${field} of another type`, answer as never, [422]);
          // A refusal of OAuth has room for one field (RFC 6749, section 5.2), which may be one that is missing.
          if (typeof answer.body.error === 'string') continue;
          expect(
            answer.body.error.details.map((detail: { field: string }) => detail.field).join(),
            `${operation.name} ${field}`,
          ).toContain(`body.${field}`);
        }
      },
    );
  });

  it('refuses NUL and broken Unicode in each text', async () => {
    await everywhere(
      operation => operation.body !== undefined,
      async operation => {
        for (const field of Object.keys(operation.body?.properties ?? {})) {
          for (const text of ['"a\\u0000b"', '"\\ud800"']) {
            const answer = await send(operation, fill(operation.path, known), raw(`{"${field}":${text}}`));
            expectRefusal(operation, `with ${field} ${text}`, answer as never, [422]);
          }
        }
      },
    );
  });

  it('refuses negative, huge and crooked ids in its path', async () => {
    const ids = [
      '-1',
      '0',
      '1.5',
      '1e3',
      '0x1',
      '9007199254740993',
      '9223372036854775808',
      '1'.repeat(400),
      'null',
      '%00',
      '%F0%9F%98%80',
      "1'--",
      '1 or 1=1',
    ];
    await everywhere(
      operation =>
        operation.parameters.some(
          parameter => parameter.in === 'path' && parameter.schema.type === 'integer',
        ),
      async operation => {
        for (const parameter of operation.parameters.filter(
          ({ in: place, schema }) => place === 'path' && schema.type === 'integer',
        )) {
          for (const id of ids) {
            const path = fill(
              operation.path.replace(`{${parameter.name}}`, id.replaceAll(' ', '%20')),
              known,
            );
            expectRefusal(
              operation,
              `with ${parameter.name} ${id.slice(0, 30)}`,
              (await send(operation, path, {})) as never,
              [400, 422],
            );
          }
        }
      },
    );
  });

  it('refuses query values out of range, doubled or injected', async () => {
    await everywhere(
      operation => operation.parameters.some(parameter => parameter.in === 'query'),
      async operation => {
        for (const { name, schema } of operation.parameters.filter(parameter => parameter.in === 'query')) {
          const path = fill(operation.path, known);
          expectRefusal(
            operation,
            `with ${name} twice`,
            (await send(operation, `${path}?${name}=1&${name}=2`, {})) as never,
            [422],
          );
          if (schema.type === 'string' && !schema.enum) continue;
          for (const value of [
            // SCIM counts less than the least as that (RFC 7644, section 3.4.2.4).
            ...(operation.protocol === 'scim' ? [] : ['-1']),
            '99999999999999999999',
            "1';drop table users;--",
            '%00',
            '%0d%0aX-Injected:%201',
          ]) {
            const answer = await send(operation, `${path}?${name}=${value}`, {});
            expectRefusal(operation, `?${name}=${value}`, answer as never, [400, 422]);
            expect(answer.headers.get('x-injected')).toBeNull();
          }
        }
      },
    );
  });

  it('takes SQL and markup as the text that they are, never as a 500', async () => {
    for (const operation of operations) {
      const path = fill(operation.path, known);
      for (const { name } of operation.parameters.filter(
        ({ in: place, schema }) => place === 'query' && schema.type === 'string',
      )) {
        for (const text of ["' or 1=1 --", '%25_%5C', '<script>', '🏴‍☠️']) {
          const { status } = await send(operation, `${path}?${name}=${encodeURIComponent(text)}`, {});
          expect(status, `${operation.name}?${name}=${text}`).toBeLessThan(500);
        }
      }
      const text = Object.fromEntries(
        Object.keys(operation.body?.properties ?? {}).map(field => [field, "'); drop table users; --"]),
      );
      if (operation.body)
        expect(
          (await anonymousOrOwner(operation)[operation.method as 'post'](path, text)).status,
          operation.name,
        ).toBeLessThan(500);
    }
    expect((await owner.get('/api/v1/auth/me')).status).toBe(200);
  });

  it('answers the same with a trailing slash and under /api', async () => {
    for (const operation of operations.filter(
      ({ path, signedIn, method }) => path.startsWith('/api/v1') && signedIn && method === 'get',
    )) {
      const path = fill(operation.path, known);
      const plain = await owner.get(path);
      expect((await owner.get(`${path}/`)).status, operation.name).toBe(plain.status);
      expect((await owner.get(path.replace('/api/v1', '/api'))).status, operation.name).toBe(plain.status);
    }
  });
});

async function signingKeys(): Promise<{ kid: string; x: string; y: string }[]> {
  return (await fleet.caller().get('/.well-known/jwks.json')).body.keys;
}

/** Tokens made from a good one, each wrong in one way. */
function forgeries(good: string, keys: { kid: string; x: string; y: string }[]): Record<string, string> {
  const [header, payload, signature] = good.split('.') as [string, string, string];
  const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const kept = JSON.parse(Buffer.from(header, 'base64url').toString());
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const foreign = (head: object, body: object) => {
    const signed = `${encode(head)}.${encode(body)}`;
    return `${signed}.${sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
  };
  const confused = `${encode({ ...kept, alg: 'HS256' })}.${payload}`;
  const later = { ...claims, exp: claims.exp + 3_600 };
  return {
    'without signature': `${header}.${payload}.`,
    'of alg none': `${encode({ alg: 'none', typ: kept.typ })}.${payload}.`,
    'of alg none with the old signature': `${encode({ ...kept, alg: 'none' })}.${payload}.${signature}`,
    'signed by a stranger under the known key id': foreign(kept, claims),
    'signed by a stranger under an unknown key id': foreign({ ...kept, kid: 'unknown' }, claims),
    'signed by a stranger with its own key inside': foreign(
      { ...kept, jwk: privateKey.export({ format: 'jwk' }) },
      claims,
    ),
    'signed with the public key as a shared secret': `${confused}.${createHmac('sha256', JSON.stringify(keys[0])).update(confused).digest('base64url')}`,
    'with changed claims': `${header}.${encode({ ...claims, sub: String(Number(claims.sub) + 1) })}.${signature}`,
    'that was prolonged': `${header}.${encode(later)}.${signature}`,
    'of another audience, by a stranger': foreign(kept, { ...claims, aud: 'elsewhere' }),
    'that is a refresh token': owner.tokens.refresh_token,
  };
}
