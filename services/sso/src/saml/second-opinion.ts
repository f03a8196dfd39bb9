import { SAML, type SamlConfig, ValidateInResponseTo } from '@node-saml/node-saml';
import type { AssertedLogin } from './assertion.ts';
import type { Parties } from './parties.ts';
import { refuse } from './refusal.ts';
import { CLOCK_SKEW } from './validity.ts';

/**
 * Has node-saml check a response that we have found in order, with parsers of its own: it has to take it as well, and to read the
 * same in it. Whoever finds a text that two parsers read differently is refused.
 *
 * @throws SamlRefusal
 */
export async function secondOpinion(
  text: string,
  login: AssertedLogin,
  parties: Parties & { signers: ReadonlySet<string> },
): Promise<void> {
  const SAMLResponse = Buffer.from(text).toString('base64');
  for (const library of librariesFor(parties)) {
    const verdict = await library.validatePostResponseAsync({ SAMLResponse }).catch(() => undefined);
    const profile = verdict?.profile;
    if (!profile) continue;
    const { Assertion } = profile.getAssertion!() as { Assertion: { $: { ID: string } } };
    const agrees =
      Assertion.$.ID === login.assertionId &&
      profile.issuer === login.issuer &&
      (profile.sessionIndex ?? null) === login.sessionIndex &&
      // It does not decrypt the name in an assertion.
      (profile.nameID === undefined || profile.nameID === login.nameId);
    return agrees ? undefined : refuse('LIBRARIES_DISAGREE');
  }
  refuse('LIBRARIES_DISAGREE');
}

/** One for each of our keys: it takes a single one. */
function librariesFor({
  identityProvider,
  serviceProvider,
  signers,
}: Parties & { signers: ReadonlySet<string> }): SAML[] {
  const options: SamlConfig = {
    callbackUrl: serviceProvider.assertionConsumerUrl,
    issuer: serviceProvider.entityId,
    audience: serviceProvider.entityId,
    entryPoint: identityProvider.ssoUrl,
    idpIssuer: identityProvider.entityId,
    // It checks the whole text with each.
    idpCert: [...signers],
    // One valid signature is still demanded; the guard says over what.
    wantAuthnResponseSigned: false,
    wantAssertionsSigned: false,
    validateInResponseTo: ValidateInResponseTo.never,
    signatureAlgorithm: 'sha256',
    acceptedClockSkewMs: CLOCK_SKEW,
  };
  return serviceProvider.keys.length === 0
    ? [new SAML(options)]
    : serviceProvider.keys.map(({ privateKey }) => new SAML({ ...options, decryptionPvk: privateKey }));
}
