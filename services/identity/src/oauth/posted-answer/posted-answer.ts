import type { SecretBox } from '@rivergate/secrets';

/** Seconds within which a browser has to come for an answer with a code: it is on its way there already. */
const CODE_SECONDS = 60;
/** The same for one that gives nothing: the way back to the client may stand on a page for as long as that is read. */
const ERROR_SECONDS = 900;

/** Longer than any answer is good. */
export const REMEMBERED_SECONDS = 2 * ERROR_SECONDS;

const CONTEXT = 'answer to be posted';

/** An answer to a client that its browser posts there (OAuth 2.0 Form Post Response Mode 1.0). */
export interface PostedAnswer {
  /** The redirect URI. */
  to: string;
  parameters: Record<string, string>;
}

/** @returns text that nobody can read or change, for an address */
export function sealAnswer(box: SecretBox, answer: PostedAnswer): string {
  const seconds = 'code' in answer.parameters ? CODE_SECONDS : ERROR_SECONDS;
  const sealed = box.seal(JSON.stringify({ ...answer, until: Date.now() + 1_000 * seconds }), CONTEXT);
  return Buffer.from(sealed, 'base64').toString('base64url');
}

/** @returns undefined for what was not sealed here, or too long ago */
export function openAnswer(box: SecretBox, sealed: string): PostedAnswer | undefined {
  const bytes = Buffer.from(sealed, 'base64url');
  // It counts once by how it is written, of which there has to be one way.
  if (bytes.toString('base64url') !== sealed) return undefined;
  try {
    const text = box.open(bytes.toString('base64'), CONTEXT);
    const { until, ...answer } = JSON.parse(text) as PostedAnswer & { until: number };
    return Date.now() < until ? answer : undefined;
  } catch {
    return undefined;
  }
}
