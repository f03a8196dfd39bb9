import {
  declaredErrors,
  type ErrorDeclaration,
  isScimType,
  MethodNotAllowed,
  NotFound,
} from '@rivergate/endpoint';
import { ExpectationFailed, HeadersTooLarge, NobodyIsMe } from '@rivergate/gateway/refusals';
import { endpointsByTag } from '@rivergate/service';
import { definitions } from '../services.ts';

const INTRODUCTION = `# Errors

Every code that the API answers, made from the declarations by \`npm run docs\`; do not edit this page by hand.

A failure is \`{"success": false, "error": {"code", "message", "details", "request_id"}}\`. Programs go by \`code\` and
the status; \`message\` is for people and may change. [How to handle them](building-on-rivergate.md#errors) says which
are worth another try. What speaks OAuth answers \`{"error", "error_description"}\` with the codes of its RFCs instead, and
SCIM \`{"schemas", "status", "scimType", "detail"}\`, in which only the codes listed below are named.
`;

/** What the gateway answers where no operation is reached. */
const BESIDE_OPERATIONS = [NotFound, MethodNotAllowed, ExpectationFailed, HeadersTooLarge, NobodyIsMe];

interface Row {
  code: string;
  status: number;
  meanings: Set<string>;
  operations: Set<string>;
}

/** The page \`docs/errors.md\`: every code with its status, its meaning and the operations that answer it. */
export function errorsPage(): string {
  const specs = definitions
    .flatMap(definition => Object.values(endpointsByTag(definition)).flat())
    .map(({ spec }) => spec)
    .filter(({ caller }) => caller !== 'internal');
  const rows = new Map<string, Row>();
  const rowOf = ({ code, status, summary }: ErrorDeclaration): Row => {
    const key = `${code} ${status}`;
    const row = rows.get(key) ?? { code, status, meanings: new Set(), operations: new Set() };
    rows.set(key, row);
    row.meanings.add(summary);
    return row;
  };
  const ofScim = new Map<string, Row>();
  for (const spec of specs)
    for (const declaration of declaredErrors(spec)) {
      const row = spec.protocol === 'scim' ? scimRow(ofScim, declaration) : rowOf(declaration);
      row?.operations.add(spec.operation);
    }
  for (const declaration of BESIDE_OPERATIONS) rowOf(declaration);

  const enveloped = specs.filter(({ protocol }) => protocol === undefined).length;
  const ofOauth = ({ code }: Row) => /^[a-z]/.test(code);
  const everywhere = (row: Row) => row.operations.size === enveloped;
  const sorted = [...rows.values()].sort(
    (left, right) =>
      (left.code < right.code ? -1 : left.code > right.code ? 1 : 0) || left.status - right.status,
  );
  const line = (...cells: (string | number)[]) => `| ${cells.join(' | ')} |`;
  const table = (some: Row[]) => [
    line('code', 'status', 'meaning', 'operations'),
    line('---', '---', '---', '---'),
    ...some.map(row =>
      line(`\`${row.code}\``, row.status, [...row.meanings].sort().join('; or: '), namesOf(row, enveloped)),
    ),
  ];
  return [
    INTRODUCTION,
    '## From every operation',
    '',
    ...table(sorted.filter(everywhere)),
    '',
    '## From some',
    '',
    ...table(sorted.filter(row => !everywhere(row) && !ofOauth(row))),
    '',
    '## From what speaks OAuth',
    '',
    ...table(sorted.filter(ofOauth)),
    '',
    '## From SCIM',
    '',
    ...table([...ofScim.values()].sort((left, right) => (left.code < right.code ? -1 : 1))),
    '',
  ].join('\n');
}

/** Of what SCIM refuses without a `scimType` only the status is seen. */
function scimRow(rows: Map<string, Row>, { code, status, summary }: ErrorDeclaration): Row | undefined {
  if (!isScimType(code)) return undefined;
  const row = rows.get(code) ?? { code, status, meanings: new Set(), operations: new Set() };
  rows.set(code, row);
  row.meanings.add(summary);
  return row;
}

/** Of more names than a reader takes in the page says nothing; each operation of the document lists its codes. */
function namesOf({ operations }: Row, total: number): string {
  if (operations.size === 0) return 'the gateway, where no operation is reached';
  if (operations.size === total) return 'all';
  const names = [...operations].sort();
  return names.length > 8 ? 'many' : names.map(name => `\`${name}\``).join(', ');
}
