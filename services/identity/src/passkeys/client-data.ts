/** The part of CollectedClientData (WebAuthn Level 3, section 5.8.1) that is read before anything is verified. */
export interface ClientData {
  /** The challenge that is answered, or null where that has not the form of one of ours. */
  challenge: string | null;
  /** Whether a page of another site has embedded ours. */
  crossOrigin: boolean;
}

/** @param clientDataJSON base64url; whatever it holds */
export function readClientData(clientDataJSON: string): ClientData {
  const { challenge, crossOrigin } = membersOf(Buffer.from(clientDataJSON, 'base64url').toString());
  const isOurs = typeof challenge === 'string' && /^[\w-]{43}$/.test(challenge);
  return { challenge: isOurs ? challenge : null, crossOrigin: (crossOrigin ?? false) !== false };
}

function membersOf(json: string): { challenge?: unknown; crossOrigin?: unknown } {
  try {
    return JSON.parse(json) ?? {};
  } catch {
    return {};
  }
}
