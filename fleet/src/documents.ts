import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pages } from './documents/pages.ts';
import { clone } from './launch/roster.ts';

// The pages that are made from declarations. A test says when one of them is not what it would be now.
for (const [file, text] of Object.entries(pages())) {
  writeFileSync(join(clone, file), text);
  console.log(file);
}
