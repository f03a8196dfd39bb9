import { Timestamp } from '@rivergate/endpoint';
import { z } from 'zod';

/** Why metadata is not taken without an administrator. */
export const WITHHELD = [
  'OTHER_ENTITY',
  'NO_SSO_URL',
  'SSO_URL_ELSEWHERE',
  'SLO_URL_ELSEWHERE',
  'NO_CERTIFICATE_IN_COMMON',
] as const;
export type Withholding = (typeof WITHHELD)[number];

const Fingerprint = z.string().meta({
  description: 'SHA-256 in hex',
  examples: ['6b86b273ff34fce19d6b804eff5a3f5747ada4eaa22f1d49c01e52ddb7875b4b'],
});

/** What one provider has beside what lists show. */
export const certificatesAndMetadata = {
  certificates: z
    .array(
      z.object({
        fingerprint: Fingerprint,
        not_before: Timestamp,
        not_after: Timestamp,
        missing_since: Timestamp.nullable().meta({
          description: 'Since when the metadata has it no longer; a day later it is trusted no more',
        }),
      }),
    )
    .meta({ description: 'All that are trusted, the one that is good for longest first' }),
  metadata: z
    .object({
      refreshed_at: Timestamp.nullable().meta({ description: 'When it was last read by itself' }),
      next_refresh_at: Timestamp.nullable(),
      failure: z
        .object({
          code: z.string().meta({ examples: ['TIMEOUT'] }),
          message: z.string().meta({ examples: ['There was no complete answer in time'] }),
          since: Timestamp,
        })
        .nullable()
        .meta({ description: 'Why it cannot be read; administrators get a mail after a day' }),
      withheld: z
        .object({
          reasons: z.array(z.enum(WITHHELD)),
          sso_url: z
            .string()
            .nullable()
            .meta({ examples: ['https://idp.example.com/sso/saml'] }),
          certificate_fingerprints: z.array(Fingerprint),
          since: Timestamp,
        })
        .nullable()
        .meta({
          description: 'What it says and is not taken by itself; giving the same metadata_url again takes it',
        }),
    })
    .nullable()
    .meta({ description: 'Null without metadata_url' }),
};

/** Why metadata could not be read. */
export interface MetadataFailure {
  code: string;
  message: string;
  /** ISO 8601, of the first time in a row. */
  since: string;
  /** Whether administrators were told. */
  told: boolean;
}

/** What metadata says and is not taken without an administrator. */
export interface MetadataWithheld {
  reasons: Withholding[];
  sso_url: string | null;
  fingerprints: string[];
  /** ISO 8601 */
  since: string;
  told: boolean;
}

/** What is kept of reading metadata again. */
export interface MetadataState {
  metadata_refresh_at: Date;
  metadata_refreshed_at: Date | null;
  metadata_valid_until: Date | null;
  metadata_etag: string | null;
  metadata_last_modified: string | null;
  metadata_failure: MetadataFailure | null;
  metadata_withheld: MetadataWithheld | null;
  metadata_told_at: Date | null;
  /** By fingerprint, at how many days before its end administrators were last told of a certificate. */
  certificates_noticed: Record<string, number>;
}
