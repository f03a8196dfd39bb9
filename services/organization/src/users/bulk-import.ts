import {
  Failure,
  type Files,
  json,
  multipart,
  RequestTooLarge,
  reply,
  UnsupportedMediaType,
  ValidationFailed,
} from '@rivergate/endpoint';
import { jobReference, TooManyJobs } from '@rivergate/jobs';
import type { Outbound } from '@rivergate/outbound';
import { z } from 'zod';
import { endpoint } from '../endpoint.ts';
import { refusalOf } from '../organizations/administrator.ts';
import { NamedOrganization, namedOrganization } from '../organizations/named-organization.ts';
import { ImportFileUnreadable } from './errors.ts';
import { ImportStatus } from './get-import.ts';
import { importFile, LARGEST_FILE } from './import-file.ts';
import type { ImportRow } from './import-row.ts';
import { importingUsers } from './import-user.ts';
import { parseCsv } from './parse-csv.ts';
import { parseScim } from './parse-scim.ts';

const TYPES = [
  'text/csv',
  'application/csv',
  'application/vnd.ms-excel',
  'application/json',
  'application/scim+json',
];

export const importUsers = endpoint(
  {
    operation: 'importUsers',
    method: 'post',
    path: '/users/bulk-import',
    summary: 'Import up to 10 000 users from CSV or SCIM, as a job',
    description:
      'Every accepted row mails a link that activates the membership; rows of present members change nothing, and a bad row ' +
      'is reported and skipped. CSV has a header row with the columns email, display_name, role (name or id) and workspace ' +
      '(slug or id), by comma or semicolon. A dry run reports the same and changes nothing. The file comes as content, from ' +
      'file_url, or as the part `file` of a form.',
    caller: 'perm:user.write',
    activeOrganization: true,
    accepts: [
      json(),
      multipart({ files: { file: { types: TYPES, maxBytes: LARGEST_FILE, optional: true } } }),
    ],
    // The largest file as a JSON string, of which quotes and line breaks take two bytes.
    bodyLimit: LARGEST_FILE + 4 * 1024 * 1024,
    // The file may take half a minute to come.
    timeout: 60_000,
    body: z.object({
      file_url: z
        .url({ protocol: /^https?$/ })
        .max(2048)
        .optional()
        .meta({ description: 'Of a file of at most 10 MiB', examples: ['https://example.com/users.csv'] }),
      content: z.string().optional().meta({ description: 'Text of the file' }),
      format: z.enum(['csv', 'scim']).default('csv'),
      organization_id: NamedOrganization,
      dry_run: z.boolean().default(false),
    }),
    answer: z.object({
      import_id: z.string().meta({ examples: ['import_123'] }),
      total_rows: z.int(),
      processed: z.int(),
      status: ImportStatus,
    }),
    message: 'Users imported successfully',
    messageInData: true,
    errors: [ImportFileUnreadable, RequestTooLarge, UnsupportedMediaType, ValidationFailed, TooManyJobs],
  },
  {
    organization: namedOrganization,
    // What is wrong with the file is answered by `handle`, after the answer kept for a key.
    prepare: ({ body, files, outbound }) => refusalOf(importedRows(body, files, outbound)),
    async handle({ body, prepared, ...context }) {
      if (prepared instanceof Failure) throw prepared;
      const { data, options } = await importingUsers.start(context, {
        input: { dry_run: body.dry_run },
        items: prepared,
      });
      return reply(
        {
          import_id: jobReference(importingUsers.spec).of(data.id),
          total_rows: prepared.length,
          processed: 0,
          status: 'processing' as const,
        },
        { status: 200, headers: options.headers ?? {} },
      );
    },
  },
);

/** @throws what is wrong with the file */
async function importedRows(
  body: { file_url?: string | undefined; content?: string | undefined; format: 'csv' | 'scim' },
  files: Files,
  outbound: Outbound,
): Promise<ImportRow[]> {
  const text = await importFile(body, files, outbound);
  const rows = body.format === 'csv' ? await parseCsv(text) : parseScim(text);
  if (rows.length === 0) throw ImportFileUnreadable('The file names nobody');
  return rows;
}
