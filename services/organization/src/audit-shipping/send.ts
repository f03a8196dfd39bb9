import { type Outbound, OutboundFailure } from '@rivergate/outbound';
import type { SecretBox } from '@rivergate/secrets';
import type { ShippingRow } from './shipping-store.ts';

/** Milliseconds that a collector has for its answer. */
const DEADLINE = 5_000;

export interface Sending {
  outbound: Outbound;
  secretBox: SecretBox;
}

export const sealedFor = (organizationId: number) => `audit shipping ${organizationId}`;

/** @returns why it was not taken, in words that may be shown and hold nothing of the answer; null where it was */
export async function send(
  { outbound, secretBox }: Sending,
  { organization_id, url, header_name, header_sealed }: ShippingRow,
  body: string,
): Promise<string | null> {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  try {
    if (header_name && header_sealed)
      headers[header_name] = secretBox.open(header_sealed, sealedFor(organization_id));
  } catch {
    return 'The header can be read no more, as after a change of ENCRYPTION_KEY: set it anew';
  }
  try {
    const answer = await outbound.request(url, { method: 'POST', headers, body, deadline: DEADLINE });
    await answer.discard();
    return answer.status >= 200 && answer.status < 300 ? null : `The collector answered ${answer.status}`;
  } catch (cause) {
    if (!(cause instanceof OutboundFailure)) throw cause;
    return cause.message;
  }
}
