import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorsPage } from './documents/errors-page.ts';
import { clone } from './launch/roster.ts';

// The pages that are made from declarations. A test says when one of them is not what it would be now.
writeFileSync(join(clone, 'docs', 'errors.md'), errorsPage());
console.log('docs/errors.md');
