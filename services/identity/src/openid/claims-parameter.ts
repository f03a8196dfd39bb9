import { z } from 'zod';
import type { RequestedClaims } from '../oauth/grant-store.ts';
import { IDENTITY_CLAIMS } from './identity-claims.ts';

/** How a claim may be asked for (OpenID Connect Core 1.0, section 5.5.1). */
const Asked = z.nullable(
  z.object({
    essential: z.boolean().optional(),
    value: z.unknown().optional(),
    values: z.array(z.unknown()).max(50).optional(),
  }),
);
const Section = z
  .record(z.string().max(255), Asked)
  .refine(section => Object.keys(section).length <= 50)
  .nullish();
const Claims = z.object({ userinfo: Section, id_token: Section });

/** What is understood of the parameter `claims`. */
export interface ClaimsParameter {
  requested: RequestedClaims;
  /** The user who is to be signed in, and no other. */
  subject: string | undefined;
  /** Of which the authentication has to reach one. */
  essentialAcr: string[];
  /** Of which it is to reach one if it can. */
  voluntaryAcr: string[];
}

/**
 * Reads the parameter `claims`. Claims that are not known are ignored, as are values that are wanted of claims about the
 * person: those are what they are.
 *
 * @returns undefined where it is malformed
 */
export function claimsParameter(text: string | undefined): ClaimsParameter | undefined {
  const read = Claims.safeParse(jsonOf(text ?? '{}'));
  if (!read.success) return undefined;
  const { userinfo, id_token } = read.data;
  const wanted = (section: z.infer<typeof Section>) =>
    IDENTITY_CLAIMS.filter(claim => section && Object.hasOwn(section, claim));
  const sub = id_token?.sub?.value ?? userinfo?.sub?.value;
  const { acr } = id_token ?? {};
  const acrs = [...(acr?.value === undefined ? [] : [acr.value]), ...(acr?.values ?? [])].map(String);
  return {
    requested: { id_token: wanted(id_token), userinfo: wanted(userinfo) },
    subject: sub === undefined ? undefined : String(sub),
    essentialAcr: acr?.essential ? acrs : [],
    voluntaryAcr: acr?.essential ? [] : acrs,
  };
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
