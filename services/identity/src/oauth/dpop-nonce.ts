import { equal, type SecretBox } from '@rivergate/secrets';

/** Seconds after which the next nonce goes out; the one before it is taken for as long. */
const NONCE_SECONDS = 300;

/** What a proof has to repeat, so that it cannot have been made long before (RFC 9449, section 8). */
export function currentNonce(box: SecretBox): string {
  return nonceOf(box, period());
}

export function isFreshNonce(box: SecretBox, nonce: string | undefined): boolean {
  if (nonce === undefined) return false;
  return [period(), period() - 1].some(one => equal(nonce, nonceOf(box, one)));
}

const period = () => Math.floor(Date.now() / 1_000 / NONCE_SECONDS);

const nonceOf = (box: SecretBox, of: number) => box.codeHash(String(of), 'DPoP nonce');
