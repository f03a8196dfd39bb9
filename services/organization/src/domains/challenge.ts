import { type Outbound, OutboundFailure } from '@rivergate/outbound';

const PREFIX = '_rivergate-challenge.';

/** What a domain may have, so that the name of its record is one in DNS (RFC 1035, section 2.3.4). */
export const MOST_CHARACTERS = 253 - PREFIX.length;

/** Milliseconds in which DNS has to answer. */
const PATIENCE = 5_000;

export interface Claim {
  domain: string;
  /** Random, and of this claim alone: another organization's for the same domain is another. */
  challenge: string;
}

/** The record that proves control of a domain. */
export const recordOf = ({ domain, challenge }: Claim) => ({
  type: 'TXT' as const,
  name: `${PREFIX}${domain}`,
  value: `rivergate-verification=${challenge}`,
});

export const CHECKS = ['found', 'missing', 'alias', 'unreachable'] as const;
/** `alias`: another name's records would have been asked for; `unreachable`: DNS gave no answer, and so none was missing. */
export type Check = (typeof CHECKS)[number];

/** Asks DNS, which may take seconds: outside of any transaction. */
export async function checkRecord(outbound: Outbound, claim: Claim): Promise<Check> {
  const { name, value } = recordOf(claim);
  try {
    const { records, isAlias } = await outbound.textRecords(name, { deadline: PATIENCE });
    if (isAlias) return 'alias';
    return records.some(record => record.trim() === value) ? 'found' : 'missing';
  } catch (cause) {
    if (cause instanceof OutboundFailure) return 'unreachable';
    throw cause;
  }
}
