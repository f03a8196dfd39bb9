import { NotFound } from '@rivergate/endpoint';
import { prepare } from '../../answer/prepared.ts';
import type { Writer } from '../../answer/write.ts';
import { requestedPath } from '../../routes/path.ts';
import type { OwnEndpoint } from '../own-endpoints.ts';
import { DARK, LIGHT, type ReadableColors, readableColors } from './readable-colors.ts';

const ADDRESS = /\/([0-9a-f]{6})\.css$/;

/**
 * A style sheet by which a page takes on the accent colour that stands in the address, as far as it can be read. The page
 * needs no inline style for it, and nothing of what a request says gets into the sheet.
 */
export function accentSheet(write: Writer, headers: Readonly<Record<string, string>>): OwnEndpoint {
  return async exchange => {
    const [, digits] = ADDRESS.exec(requestedPath(exchange.request.url ?? '')) ?? [];
    if (digits === undefined) throw NotFound();
    const rule = (colors: ReadableColors) =>
      `:root{${Object.entries(colors)
        .map(([name, value]) => `--${name}:${value}`)
        .join(';')}}`;
    const [light, dark] = [LIGHT, DARK].map(scheme => rule(readableColors(`#${digits}`, scheme)));
    const sheet = `${light}@media (prefers-color-scheme:dark){${dark}}`;
    const sent = { ...headers, 'Content-Type': 'text/css; charset=utf-8' };
    write.prepared(exchange, await prepare(sheet, sent));
  };
}
