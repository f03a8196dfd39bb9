import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { clone } from '../launch/roster.ts';
import { errorsPage } from './errors-page.ts';

it('docs/errors.md lists the codes of the declarations; `npm run docs` writes it anew', () => {
  expect(readFileSync(join(clone, 'docs', 'errors.md'), 'utf8')).toBe(errorsPage());
});
