import { z } from 'zod';

/** What the browser says that it knows of an authenticator (WebAuthn Level 3, section 5.8.4). */
export const TRANSPORTS = ['ble', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'] as const;

/** Base64url, or plain base64, with or without padding; handlers see base64url without. */
function binary(maxBytes: number, example: string) {
  return z
    .string()
    .max(4 * Math.ceil(maxBytes / 3))
    .regex(/^[A-Za-z0-9+/_-]+={0,2}$/, 'must be base64url')
    .overwrite(text => Buffer.from(text, 'base64').toString('base64url'))
    .meta({ description: 'Base64url', examples: [example] });
}

/** A credential id (WebAuthn Level 3, section 4). */
const credentialId = () => binary(1023, 'mZ0r1t3uJ5xk7Qe9aWc2sVf4yHb6nTg8pLd0oKi1jRw');
const clientData = () =>
  binary(
    4096,
    'eyJ0eXBlIjoid2ViYXV0aG4uZ2V0IiwiY2hhbGxlbmdlIjoiVnQyYlg4Iiwib3JpZ2luIjoiaHR0cHM6Ly9leGFtcGxlLmNvbSJ9',
  );

/** The further members that browsers write, and will come to write, are passed over. */
const furtherMembers = 'What `toJSON()` of the browser gives; members beside these are ignored';

/** A new credential (RegistrationResponseJSON, WebAuthn Level 3, section 5.1). */
export const RegisteredCredential = z
  .object({
    id: credentialId(),
    rawId: credentialId(),
    type: z.literal('public-key'),
    response: z
      .object({
        attestationObject: binary(12_288, 'o2NmbXRkbm9uZWdhdHRTdG10oGhhdXRoRGF0YVg'),
        clientDataJSON: clientData(),
        transports: z.array(z.string().max(50)).max(20).optional(),
      })
      .meta({ id: 'AttestationResponse' }),
  })
  .meta({ id: 'RegisteredCredential', description: furtherMembers });

/** A signed challenge (AuthenticationResponseJSON, WebAuthn Level 3, section 5.1). */
export const AssertedCredential = z
  .object({
    id: credentialId(),
    rawId: credentialId(),
    type: z.literal('public-key'),
    response: z
      .object({
        authenticatorData: binary(4096, 'SZYN5YgOjGh0NBcPZHZgW4_krrmihjLHmVzzuoMdl2MFAAAAAQ'),
        clientDataJSON: clientData(),
        signature: binary(1024, 'MEUCIQDyBQ8LkE1oR3cVJ3Xq5w'),
        userHandle: binary(64, 'Nw').nullish(),
      })
      .meta({ id: 'AssertionResponse' }),
  })
  .meta({ id: 'AssertedCredential', description: furtherMembers });

/** PublicKeyCredentialDescriptorJSON (WebAuthn Level 3, section 5.8.3) */
export const CredentialDescriptor = z
  .object({
    id: z.string().meta({ examples: ['mZ0r1t3uJ5xk7Qe9aWc2sVf4yHb6nTg8pLd0oKi1jRw'] }),
    type: z.literal('public-key'),
    transports: z.array(z.enum(TRANSPORTS)),
  })
  .meta({ id: 'CredentialDescriptor' });

export function descriptorOf(passkey: {
  credential_id: string;
  transports: string[];
}): z.infer<typeof CredentialDescriptor> {
  const transports = TRANSPORTS.filter(known => passkey.transports.includes(known));
  return { id: passkey.credential_id, type: 'public-key', transports };
}

/** Milliseconds that a browser gives the user. */
export const TIMEOUT = 60_000;

/** The challenge in an answer. */
export const Challenge = z.string().meta({
  description: '32 bytes, base64url; for one attempt within 5 minutes',
  examples: ['Vt2bX8cN4mQ6wE0rT1yU3iO5pA7sD9fG2hJ4kL6zX8c'],
});

/** Seconds for which a challenge can be answered. */
export const CHALLENGE_SECONDS = 300;

/** The user's id as authenticators keep it: `user.id` at the registration, `userHandle` in what they sign later. */
export function userHandleOf(userId: number): string {
  return Buffer.from(String(userId)).toString('base64url');
}
