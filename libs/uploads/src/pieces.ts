/** Bytes of a piece: what is held in memory of a file, and what is lost where the service dies. */
const PIECE_BYTES = 512 * 1024;

/**
 * A file's content in pieces of one size, but for the last. Of one that breaks off, what has come is the last piece, and
 * then it fails.
 */
export async function* pieces(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let chunks: Buffer[] = [];
  let bytes = 0;
  const taken = () => {
    const piece = Buffer.concat(chunks);
    chunks = [];
    bytes = 0;
    return piece;
  };
  try {
    for await (const chunk of content) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= PIECE_BYTES) yield taken();
    }
  } catch (cause) {
    if (bytes > 0) yield taken();
    throw cause;
  }
  if (bytes > 0) yield taken();
}
