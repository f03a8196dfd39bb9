import { createHash } from 'node:crypto';
import type { Briefly, ReceivedFile } from '@rivergate/endpoint';
import { pieces } from './pieces.ts';
import { addPiece, createUpload, discardUpload, type Owner, setLength } from './upload-store.ts';

/** What `prepare` has, of which this needs a part. */
export interface ReceivingContext {
  briefly: Briefly;
  caller: { organizationId: number | null; userId: number | null };
}

export interface Received {
  /** For `keepUpload`, in the transaction of the request. */
  id: string;
  bytes: number;
  /** Hexadecimal */
  sha256: string;
}

/** Seconds after its last piece until what no transaction kept is gone, should the service die meanwhile. */
const UNTIL_KEPT = 3_600;

/**
 * Stores a file as it comes, in `prepare`. It is gone after an hour unless the request's transaction keeps it, and at
 * once where it does not come to its end; what the request does not keep, `undo` discards.
 *
 * @throws what is wrong with the file, and what the caller is refused who may no longer
 */
export async function receive(
  { briefly, caller }: ReceivingContext,
  purpose: string,
  { content }: Pick<ReceivedFile, 'content'>,
): Promise<Received> {
  const owner: Owner = { ...caller, purpose };
  const hash = createHash('sha256');
  let bytes = 0;
  const { id } = await briefly(db =>
    createUpload(db, owner, { length: null, metadata: {}, lifetime: UNTIL_KEPT }),
  );
  try {
    for await (const piece of pieces(content)) {
      hash.update(piece);
      await briefly(db => addPiece(db, owner, id, { offset: bytes, content: piece, lifetime: UNTIL_KEPT }));
      bytes += piece.length;
    }
    await briefly(db => setLength(db, id, bytes));
  } catch (cause) {
    await briefly(db => discardUpload(db, id), { takingBack: true });
    throw cause;
  }
  return { id, bytes, sha256: hash.digest('hex') };
}
