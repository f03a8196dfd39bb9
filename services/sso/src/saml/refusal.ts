/** Why something of SAML is refused: a stable code, and what an administrator does about it. */
export const REFUSALS = {
  TOO_LARGE:
    'The message is larger than 256 KB, nested deeper than 40 elements or has more than 2,500 of them (5,000 in metadata). Send fewer attributes, such as only the groups that matter here.',
  MALFORMED_MESSAGE:
    'The message is no XML in UTF-8, as base64, or says the same thing twice. Check that the identity provider answers with the binding that the metadata names.',
  FORBIDDEN_MARKUP:
    'The message has a document type, comments, processing instructions or CDATA sections. Have the identity provider leave them out.',
  UNEXPECTED_MESSAGE:
    'This is no message of the kind that is taken here. Check which URL of the service provider the identity provider sends to.',
  STATUS_NOT_SUCCESS:
    'The identity provider reports that it did not carry out the request. Its own log says why; often the user has no access to this application.',
  NOT_ONE_ASSERTION:
    'The response has to have exactly one assertion, directly below it. Check how the identity provider builds responses.',
  DUPLICATE_ID:
    'Two elements of the message have the same ID. Report it to the maker of the identity provider.',
  UNSIGNED:
    'Nothing that counts is signed. Have the identity provider sign the response or the assertion, and logout messages.',
  MISPLACED_SIGNATURE:
    'A signature stands where none belongs, or is about something other than the element it stands in. Report it to the maker of the identity provider.',
  WEAK_ALGORITHM:
    'The signature is made by an algorithm that is not taken. Set the identity provider to RSA with SHA-256 or SHA-512, digests alike, and exclusive canonicalization.',
  INVALID_SIGNATURE:
    'The signature was not made by a certificate that is trusted, or the message was changed after it. If the identity provider has a new certificate, add it here.',
  WEAK_ENCRYPTION:
    'What is encrypted is so by an algorithm that is not taken. Set the identity provider to AES-GCM with RSA-OAEP, or have it not encrypt: the connection is encrypted anyway.',
  NOT_ENCRYPTED:
    'The assertion is not encrypted, which encrypt_assertions of this provider demands. Have the identity provider encrypt it for the certificate in the metadata of the service provider.',
  NOT_DECRYPTED:
    'What is encrypted could not be read. Give the identity provider the current encryption certificate from the metadata of the service provider.',
  WRONG_ISSUER:
    'The message comes from another identity provider than the one that is set up. Compare entity_id with the entity ID of the identity provider.',
  WRONG_DESTINATION:
    'The message was made for another URL. Compare the URL that is set up at the identity provider with the one in the metadata of the service provider.',
  WRONG_RECIPIENT:
    'The assertion was made to be posted to another URL. Set the assertion consumer service URL from the metadata at the identity provider.',
  WRONG_AUDIENCE:
    'The assertion is for another service provider. Set the entity ID from the metadata of the service provider as audience at the identity provider.',
  NOT_BEARER:
    'The assertion has no subject confirmation of the method bearer. Have the identity provider send one.',
  UNKNOWN_CONDITION:
    'The assertion has conditions that are not understood here. Have the identity provider leave them out.',
  INCOMPLETE_ASSERTION:
    'The assertion lacks something it must have: an ID, an issuer, a name ID, an authentication statement, or the time until which it is good.',
  NOT_YET_VALID:
    'The message is not good yet. Compare the clock of the identity provider with the right time.',
  EXPIRED:
    'The message was good for a time that is over. Compare the clock of the identity provider with the right time; a login has to be finished within minutes.',
  WRONG_IN_RESPONSE_TO:
    'The response names another request than its assertion does, or only the part without a signature names one. Report it to the maker of the identity provider.',
  UNKNOWN_REQUEST:
    'The message answers a request that was not made here, was answered before, or was made too long ago. Start the login again.',
  UNSOLICITED:
    'The login was begun at the identity provider. Allow that for this provider, or begin it here.',
  REPLAYED: 'The message was used before. Start again; a message counts once.',
  LIBRARIES_DISAGREE:
    'Two ways of reading the message came to different results. Report it to the makers of the identity provider and of this platform.',
  MALFORMED_CERTIFICATE:
    'This is no X.509 certificate as base64 or PEM. Copy it anew from the identity provider.',
  WEAK_CERTIFICATE:
    'The key of the certificate is no RSA key of 2048 bits or more. Make a new one at the identity provider.',
  EXPIRED_CERTIFICATE: 'The certificate has expired. Take the current one from the identity provider.',
  MALFORMED_METADATA:
    'This is no SAML 2.0 metadata of an identity provider. Check that the URL gives metadata and no page to sign in on.',
  EXPIRED_METADATA: 'The metadata is good for a time that is over. Have the identity provider renew it.',
  SEVERAL_ENTITIES:
    'The metadata is about several identity providers. Give the entity ID of the one that is meant, or the URL of its own metadata.',
} as const;

export type RefusalCode = keyof typeof REFUSALS;

/** Says nothing of what the refused message holds. */
export class SamlRefusal extends Error {
  override readonly name = 'SamlRefusal';
  readonly code: RefusalCode;

  constructor(code: RefusalCode) {
    super(REFUSALS[code]);
    this.code = code;
  }
}

/** @throws SamlRefusal */
export function refuse(code: RefusalCode): never {
  throw new SamlRefusal(code);
}
