import { z } from 'zod';

/** Users that one import may name. */
export const MOST_ROWS = 10_000;

/** Characters that are kept of a cell: more than any value may have. */
const LONGEST = 320;

/** A row of an import as it came, whatever its form: it is checked when its turn comes. */
export const ImportRow = z.object({
  row: z.int().meta({ description: 'From 1, without the header' }),
  email: z.string().meta({ examples: ['grace@example.com'] }),
  display_name: z.string().nullable(),
  role: z
    .string()
    .nullable()
    .meta({ description: 'Name or id; null: Viewer', examples: ['Developer'] }),
  workspace: z
    .string()
    .nullable()
    .meta({ description: 'Slug or id; null: the default workspace', examples: ['main-workspace'] }),
  active: z.boolean().meta({ description: 'False for one whom a SCIM document calls inactive' }),
});
export type ImportRow = z.output<typeof ImportRow>;

type Cells = Partial<Record<'email' | 'display_name' | 'role' | 'workspace', string>>;

export function importRow(row: number, cells: Cells, active = true): ImportRow {
  return {
    row,
    email: kept(cells.email) ?? '',
    display_name: kept(cells.display_name),
    role: kept(cells.role),
    workspace: kept(cells.workspace),
    active,
  };
}

/** What PostgreSQL can store of a cell; null for an empty one. */
function kept(cell: string | undefined): string | null {
  const text = (cell ?? '').trim().slice(0, LONGEST).toWellFormed().replaceAll('\0', '\ufffd');
  return text === '' ? null : text;
}
