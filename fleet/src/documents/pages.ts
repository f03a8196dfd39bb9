import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clone } from '../launch/roster.ts';
import { betweenMarkers } from './between-markers.ts';
import { errorsPage } from './errors-page.ts';
import { guidesPage } from './guides-page.ts';
import { serviceTable } from './service-table.ts';

/** The documents that are made from declarations, in whole or in part, as they should read now. */
export function pages(): Record<string, string> {
  const architecture = readFileSync(join(clone, 'docs', 'architecture.md'), 'utf8');
  return {
    'docs/errors.md': errorsPage(),
    'docs/sso-guides.md': guidesPage(),
    'docs/architecture.md': betweenMarkers(architecture, 'services', serviceTable()),
  };
}
