import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import openapiTypescript, { astToString, type OpenAPI3 } from 'openapi-typescript';
import { clone } from '../src/launch/roster.ts';
import type { MainJob } from './main-job.ts';

const own = join(import.meta.dirname, 'typescript');

/** Writes the types of the document and checks the program in `typescript/` against them. @throws Error of the compiler */
export async function typescriptClient(document: object, directory: string): Promise<MainJob> {
  // A field with a default need not be sent.
  const types = await openapiTypescript(document as OpenAPI3, { defaultNonNullable: false });
  writeFileSync(join(directory, 'schema.ts'), astToString(types));
  const compilerOptions = {
    target: 'es2024',
    module: 'nodenext',
    strict: true,
    noUncheckedIndexedAccess: true,
    allowImportingTsExtensions: true,
    verbatimModuleSyntax: true,
    noEmit: true,
    types: [],
    // The program imports the types as if they stood beside it.
    rootDirs: [own, directory],
  };
  const files = [join(own, 'main-job.ts')];
  writeFileSync(join(directory, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }));
  const compiler = join(clone, 'node_modules', '.bin', 'tsc');
  await promisify(execFile)(compiler, ['--project', directory, '--pretty', 'false']).catch(({ stdout }) => {
    throw new Error(`The TypeScript client does not compile:\n${stdout}`);
  });
  // Not a literal: what it imports is there only now, so the workspace's own check must not follow it.
  const program = join(own, 'main-job.ts');
  const { mainJob } = (await import(program)) as { mainJob: MainJob };
  return mainJob;
}
