import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFilter, resourceScope } from './filter.ts';
import { MOST_OPERATIONS, patched, readOperations } from './patch.ts';
import { projection } from './projection.ts';
import { UserType } from './schemas.ts';
import { MOST_CHARACTERS } from './tokens.ts';
import { type Document, readDocument } from './value.ts';

const P = 'urn:ietf:params:scim:api:messages:2.0:PatchOp';
const EU = 'urn:ietf:params:scim:schemas:extension:enterprise:2.0:User';
const USER: Document = {
  userName: 'ada@example.com',
  name: { givenName: 'Ada', familyName: 'Lovelace' },
  emails: [{ value: 'ada@example.com', type: 'work', primary: true }],
  [EU]: { department: 'Engines', manager: { value: '7' } },
};
const patch = (...operations: unknown[]) =>
  patched(UserType, USER, readOperations(UserType, { schemas: [P], Operations: operations }));
const filter = (text: string) => parseFilter(text, resourceScope(UserType));
const code = (work: () => unknown) => {
  try {
    work();
  } catch (cause) {
    return (cause as { code?: string }).code;
  }
  return undefined;
};

describe('a PATCH is refused', () => {
  const REFUSED: [string, unknown, string][] = [
    ['with an unknown op', { op: 'move', path: 'title', value: 'x' }, 'invalidSyntax'],
    ['that is no object', 'replace', 'invalidSyntax'],
    ['at an unknown path', { op: 'replace', path: 'nosuch', value: 'x' }, 'invalidPath'],
    ['at an unknown sub-attribute', { op: 'replace', path: 'name.nosuch', value: 'x' }, 'invalidPath'],
    [
      'at a path that nothing closes',
      { op: 'replace', path: 'emails[type eq "x"', value: 'x' },
      'invalidFilter',
    ],
    ['of what is read-only', { op: 'replace', path: 'id', value: '9' }, 'mutability'],
    ['of a part of what is read-only', { op: 'replace', path: 'meta.version', value: '9' }, 'mutability'],
    [
      'of groups, which are changed elsewhere',
      { op: 'add', path: 'groups', value: [{ value: '1' }] },
      'mutability',
    ],
    ['that removes what is required', { op: 'remove', path: 'userName' }, 'mutability'],
    ['that removes and says nothing of where', { op: 'remove' }, 'noTarget'],
    ['without a value', { op: 'replace', path: 'title' }, 'invalidValue'],
    ['with a value of another type', { op: 'replace', path: 'title', value: 7 }, 'invalidValue'],
    ['with a boolean that is none', { op: 'replace', path: 'active', value: 'maybe' }, 'invalidValue'],
    [
      'whose filter is not of eq and finds nothing',
      { op: 'replace', path: 'emails[type sw "x"].value', value: 'x' },
      'noTarget',
    ],
    [
      'with two primary values',
      {
        op: 'replace',
        path: 'emails',
        value: [
          { value: 'a', primary: true },
          { value: 'b', primary: true },
        ],
      },
      'invalidValue',
    ],
  ];
  for (const [name, operation, expected] of REFUSED)
    it(name, () => expect(code(() => patch(operation))).toBe(expected));

  it('with more operations than are done at once', () => {
    const one = { op: 'replace', path: 'title', value: 'x' };
    expect(code(() => patch(...Array(MOST_OPERATIONS + 1).fill(one)))).toBe('tooMany');
  });

  it('that makes a list grow without end', () => {
    const add = (from: number) => ({
      op: 'add',
      path: 'emails',
      value: Array.from({ length: 400 }, (_, index) => ({ value: `${from + index}@example.com` })),
    });
    expect(code(() => patch(add(0), add(400)))).toBe('invalidValue');
  });
});

describe('a PATCH', () => {
  it('is the document itself where it changes nothing, so that no version changes', () => {
    expect(patch({ op: 'replace', path: 'name.givenName', value: 'Ada' })).toBe(USER);
  });

  it('makes a new primary value the only one', () => {
    const { emails } = patch({
      op: 'add',
      path: 'emails',
      value: [{ value: 'b@example.com', primary: true }],
    });
    expect(emails).toEqual([
      { value: 'ada@example.com', type: 'work', primary: false },
      { value: 'b@example.com', primary: true },
    ]);
  });

  it('does not touch the prototype of anything', () => {
    const hostile = JSON.parse('{"op":"add","value":{"__proto__":{"polluted":true},"constructor":{"x":1}}}');
    expect(patch(hostile)).toBe(USER);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it('done twice is as done once, whatever replaces', () => {
    const value = fc.string({ minLength: 1, maxLength: 20 });
    const path = fc.constantFrom(
      'title',
      'name.givenName',
      'emails[type eq "work"].value',
      `${EU}:department`,
    );
    fc.assert(
      fc.property(
        fc.array(fc.record({ op: fc.constant('replace'), path, value }), { maxLength: 8 }),
        operations => {
          const read = readOperations(UserType, { schemas: [P], Operations: operations });
          const once = patched(UserType, USER, read);
          expect(patched(UserType, once, read)).toEqual(once);
        },
      ),
    );
  });

  it('answers a refusal of SCIM, and nothing else, to whatever is sent', () => {
    const operation = fc.record(
      {
        op: fc.constantFrom('add', 'remove', 'replace', 'x'),
        path: fc.string({ maxLength: 30 }),
        value: fc.jsonValue(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(operation, fc.jsonValue()), { maxLength: 5 }), operations => {
        const refusal = code(() => patch(...operations)) ?? 'none';
        expect([
          'none',
          'invalidSyntax',
          'invalidPath',
          'invalidFilter',
          'invalidValue',
          'mutability',
          'noTarget',
          'tooMany',
        ]).toContain(refusal);
      }),
    );
  });
});

describe('a filter', () => {
  it('binds and before or, and not before both', () => {
    const read = filter('title pr or not (active eq true) and userName sw "a"');
    expect(read).toMatchObject({
      kind: 'or',
      operands: [{ kind: 'present' }, { kind: 'and', operands: [{ kind: 'not' }, {}] }],
    });
  });

  for (const text of [
    '',
    'userName',
    'userName eq',
    'userName eq x',
    'userName eq "x',
    'userName eq "x" and',
    '(userName eq "x"',
    'userName eq "x")',
    'userName like "x"',
    'nosuch eq "x"',
    'name eq "x"',
    'name.nosuch eq "x"',
    'password eq "x"',
    'active gt true',
    'active eq "maybe"',
    'title gt null',
    'userName eq 7',
    'userName[value eq "x"]',
    'emails[type eq "work"]]',
    'emails[nosuch eq "work"]',
    'meta.created gt "yesterday"',
    'userName eq "a\\u0000b"',
    'not active eq true',
    "userName eq 'x'",
    'userName eq "x"; drop table scim_users',
  ])
    it(`is refused that reads ${text || 'nothing'}`, () =>
      expect(code(() => filter(text))).toBe('invalidFilter'));

  it('is bounded in its length, its depth and its comparisons', () => {
    const deep = (levels: number) => `${'('.repeat(levels)}title pr${')'.repeat(levels)}`;
    expect(code(() => filter(deep(16)))).toBeUndefined();
    expect(code(() => filter(deep(17)))).toBe('invalidFilter');
    const wide = (count: number) => Array(count).fill('title pr').join(' or ');
    expect(code(() => filter(wide(100)))).toBeUndefined();
    expect(code(() => filter(wide(101)))).toBe('invalidFilter');
    expect(code(() => filter(`title eq "${'x'.repeat(MOST_CHARACTERS)}"`))).toBe('invalidFilter');
  });

  it('is read, or refused as SCIM refuses, whatever it is', () => {
    const parts = fc.constantFrom(
      '(',
      ')',
      '[',
      ']',
      '"',
      '\\',
      '.',
      'and',
      'or',
      'not',
      'emails',
      'type',
      'eq',
      'pr',
      '"x"',
      ' ',
      '1',
      'null',
      'urn:',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(parts, { maxLength: 40 }).map(all => all.join(' ')),
        ),
        text => {
          expect([undefined, 'invalidFilter']).toContain(code(() => filter(text)));
        },
      ),
    );
  });
});

describe('a document', () => {
  it('is refused without schemas, and without what is required', () => {
    expect(code(() => readDocument(UserType, { userName: 'a' }))).toBe('invalidSyntax');
    expect(code(() => readDocument(UserType, { schemas: [UserType.schema.id] }))).toBe('invalidValue');
    expect(code(() => readDocument(UserType, { schemas: [UserType.schema.id], userName: '' }))).toBe(
      'invalidValue',
    );
  });

  it('takes no id, meta, groups and nothing that no schema names', () => {
    const sent = {
      schemas: [UserType.schema.id],
      userName: 'a',
      id: '1',
      meta: { version: 'x' },
      groups: [{ value: '1' }],
      isAdmin: true,
    };
    expect(readDocument(UserType, sent)).toEqual({ userName: 'a' });
  });
});

describe('a projection', () => {
  const full: Document = { ...USER, schemas: [UserType.schema.id], id: '1', password: 'secret' };

  it('never shows a password', () => {
    expect(projection(UserType, { attributes: 'password' }).of(full)).not.toHaveProperty('password');
    expect(projection(UserType, {}).of(full)).not.toHaveProperty('password');
  });

  it('shows what is named, by any case, in parts, with URIs, and always id and schemas', () => {
    const attributes = `USERNAME,emails.value,${EU}:department,nosuch`;
    expect(projection(UserType, { attributes }).of(full)).toEqual({
      schemas: [UserType.schema.id],
      id: '1',
      userName: 'ada@example.com',
      emails: [{ value: 'ada@example.com' }],
      [EU]: { department: 'Engines' },
    });
  });

  it('leaves out what is excluded, but never the id', () => {
    const excludedAttributes = `id,name.givenName,emails,${EU}`;
    expect(projection(UserType, { excludedAttributes }).of(full)).toEqual({
      schemas: [UserType.schema.id],
      id: '1',
      userName: 'ada@example.com',
      name: { familyName: 'Lovelace' },
    });
  });
});
