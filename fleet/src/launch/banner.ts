import { relative } from 'node:path';
import { seconds } from '../console/progress.ts';
import type { Fleet } from './launch.ts';

/** What a person needs to know of a fleet that just came up. */
export function banner(fleet: Fleet, took: number): string {
  const shown = relative(process.cwd(), fleet.dataDirectory);
  const directory = shown.startsWith('..') ? fleet.dataDirectory : `${shown || '.'}/`;
  const rows = [
    ['address', fleet.url],
    ['API docs', `${fleet.url}/docs`],
    ...(fleet.mailboxUrl ? [['mailbox', `${fleet.url}/dev/mailbox`]] : []),
    ['data', `${directory}   (logs in ${directory.replace(/\/$/, '')}/logs)`],
    ['stop', 'Ctrl-C'],
  ];
  const lines = rows.map(([name, value]) => `    ${name!.padEnd(10)} ${value}`);
  return ['', `  Rivergate is ready   ${seconds(took)}`, '', ...lines, '', ''].join('\n');
}
