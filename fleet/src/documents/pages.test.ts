import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { clone } from '../launch/roster.ts';
import { pages } from './pages.ts';

it.each(Object.entries(pages()))(
  '%s says what the declarations say; `npm run docs` writes it',
  (file, text) => {
    expect(readFileSync(join(clone, file), 'utf8')).toBe(text);
  },
);
