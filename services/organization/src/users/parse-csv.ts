import { RequestTooLarge } from '@rivergate/endpoint';
import { CsvError, parse } from 'csv-parse';
import { ImportFileUnreadable } from './errors.ts';
import { type ImportRow, importRow, MOST_ROWS } from './import-row.ts';

const COLUMNS = ['email', 'display_name', 'role', 'workspace'] as const;

/** Characters of one row, quoted line breaks included. */
const LONGEST_ROW = 65_536;

/**
 * Reads users from CSV (RFC 4180) with a header row, comma or semicolon, with or without a byte order mark. Columns that
 * are not known are ignored, also those that a row has beyond the header.
 *
 * @throws ImportFileUnreadable, RequestTooLarge for too many rows
 */
export async function parseCsv(text: string): Promise<ImportRow[]> {
  const parser = parse(text, {
    bom: true,
    delimiter: delimiterOf(text),
    columns: header => columnsOf(header as string[]),
    relax_column_count: true,
    skip_empty_lines: true,
    max_record_size: LONGEST_ROW,
  });
  const rows: ImportRow[] = [];
  try {
    for await (const cells of parser) {
      if (rows.length === MOST_ROWS) throw RequestTooLarge(`The file has more than ${MOST_ROWS} rows`);
      rows.push(importRow(rows.length + 1, cells));
    }
  } catch (cause) {
    if (!(cause instanceof CsvError)) throw cause;
    const { lines } = cause as { lines?: unknown };
    throw ImportFileUnreadable(
      `The file is not CSV${typeof lines === 'number' ? `: see line ${lines}` : ''}`,
    );
  }
  // Without a single line nobody has asked for the columns.
  if (parser.info.lines === 0) throw lacksEmail();
  return rows;
}

const lacksEmail = () => ImportFileUnreadable('The file has no column email');

/** @throws ImportFileUnreadable where the address has no column, or a known column stands there twice */
function columnsOf(header: string[]): (string | false)[] {
  const names = header.map(name => name.trim().toLowerCase());
  for (const column of COLUMNS)
    if (names.filter(name => name === column).length > 1)
      throw ImportFileUnreadable(`The file has the column ${column} twice`);
  if (!names.includes('email')) throw lacksEmail();
  return names.map(name => ((COLUMNS as readonly string[]).includes(name) ? name : false));
}

/** The one of which the header has more, outside of quotes. */
function delimiterOf(text: string): ',' | ';' {
  const [header = ''] = text
    .slice(0, LONGEST_ROW)
    .replace(/"[^"]*"/g, '')
    .split(/\r|\n/, 1);
  const count = (delimiter: string) => header.split(delimiter).length;
  return count(';') > count(',') ? ';' : ',';
}
