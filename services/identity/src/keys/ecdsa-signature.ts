/** Bytes of each of the two numbers of an ECDSA signature over P-256. */
const SIZE = 32;

/**
 * The signature of ES256 as JWS has it: R and S, each in 32 bytes (RFC 7518, section 3.4), of what node:crypto makes by
 * itself: a DER sequence of two integers, which have no more bytes than they need and one more where the first bit is set.
 * Asking node:crypto for this form makes it take the key apart anew for each signature, which costs more than the signature.
 */
export function jwsSignature(der: Buffer): Buffer {
  const signature = Buffer.alloc(2 * SIZE);
  // Behind the tag and length of the sequence, which is shorter than 128 bytes.
  let at = 2;
  for (const end of [SIZE, 2 * SIZE]) {
    const length = der[at + 1]!;
    const from = at + 2;
    at = from + length;
    const digits = der.subarray(Math.max(from, at - SIZE), at);
    digits.copy(signature, end - digits.length);
  }
  return signature;
}
