import { buffer } from 'node:stream/consumers';
import { type Files, RequestTooLarge, ValidationFailed } from '@rivergate/endpoint';
import { type Outbound, OutboundFailure } from '@rivergate/outbound';
import { ImportFileUnreadable } from './errors.ts';

/** Bytes */
export const LARGEST_FILE = 10 * 1024 * 1024;

/** Milliseconds until the file has come from its URL. */
const PATIENCE = 30_000;

interface Given {
  file_url?: string | undefined;
  content?: string | undefined;
}

/**
 * The text of the file that an import is about, whichever way it comes.
 *
 * @throws ValidationFailed unless it comes in exactly one way, ImportFileUnreadable, RequestTooLarge
 */
export async function importFile(
  { file_url, content }: Given,
  files: Files,
  outbound: Outbound,
): Promise<string> {
  const uploaded: Buffer[] = [];
  for await (const file of files) uploaded.push(await buffer(file.content));
  const [file] = uploaded;
  if ([file_url, content, file].filter(way => way !== undefined).length !== 1)
    throw ValidationFailed(undefined, [
      {
        field: 'body',
        code: 'required',
        reason: 'needs exactly one of file_url, content and an uploaded file',
      },
    ]);
  if (content !== undefined) {
    if (Buffer.byteLength(content) > LARGEST_FILE) throw tooLarge();
    return content;
  }
  const bytes = file ?? (await fetched(file_url!, outbound));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw ImportFileUnreadable('The file is not UTF-8');
  }
}

async function fetched(url: string, outbound: Outbound): Promise<Buffer> {
  try {
    const answer = await outbound.request(url, {
      deadline: PATIENCE,
      maxBytes: LARGEST_FILE,
      redirects: 3,
      http: true,
      decompress: true,
    });
    if (answer.status === 200) return await answer.bytes();
    await answer.discard();
    throw ImportFileUnreadable('The URL does not answer with a file');
  } catch (cause) {
    if (!(cause instanceof OutboundFailure)) throw cause;
    throw cause.reason === 'too_large' ? tooLarge() : ImportFileUnreadable(cause.message);
  }
}

const tooLarge = () => RequestTooLarge('The file is larger than 10 MiB');
