import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inflateRawSync } from 'node:zlib';
import { type LoggedIn, logoutRequest, logoutResponse } from '../saml/logout.ts';
import { METADATA, POST_BINDING, REDIRECT_BINDING, SIGNATURE, SUCCESS } from '../saml/names.ts';
import type { LogoutEndpoint, Parties } from '../saml/parties.ts';
import { byPost, byRedirect, message, type Sending } from '../saml/send.ts';
import { childrenOf, descendants, parseXml, type XmlElement } from '../saml/xml.ts';
import { element } from '../saml/xml-text.ts';
import { signingKey } from './saml-keys.ts';
import {
  escaped,
  type IssueOptions,
  inBase64,
  issueResponse,
  newId,
  type Says,
  type SigningKey,
} from './saml-messages.ts';

/** Somebody with an account at the identity provider. */
export interface SamlPerson {
  nameId: string;
  attributes?: Record<string, string[]>;
}

/** What it does with the next login. */
export interface Behaviour {
  sign: NonNullable<IssueOptions['sign']>;
  /** Whether it encrypts assertions, for the certificate in the metadata of the service provider. */
  encrypt: boolean;
  /** By which algorithms, if not by those that are taken. */
  encryption?: IssueOptions['encryption'];
  /** What it says otherwise than it should. */
  says: Partial<Says>;
  /** What it says to who asks it to log somebody out: that it is done, or the status with which it is not. */
  loggedOut?: 'done' | 'partly' | 'refused';
}

export interface SamlIdentityProviderUnderTest {
  entityId: string;
  /** Where its metadata is. */
  metadataUrl: string;
  ssoUrl: string;
  /** Who signs in next, without being asked anything. */
  person: SamlPerson;
  behaviour: Behaviour;
  /** Whether its metadata asks for signed login requests. */
  wantsSignedRequests: boolean;
  /** What was asked of it, as it came. */
  asked: XmlElement[];
  /** PEM, of all keys that its metadata has; the last one signs. */
  certificates(): string[];
  /** Makes it know a service provider by its metadata. */
  register(serviceProviderMetadata: string): void;
  /** Signs by a new key from now on; metadata has the old one beside it until it is dropped. */
  rotate(): Promise<void>;
  dropOldKeys(): void;
  /** The form with which a browser would come back from where it was sent. */
  signIn(url: string): Promise<{ action: string; fields: Record<string, string> }>;
  /** The page from which a login begins that nobody asked for. */
  startUrl(relayState?: string): string;
  /** Ends the sessions of the person there, and asks the service provider to do the same. */
  logout(binding: 'redirect' | 'post', more?: Partial<LoggedIn>): Sending;
  /** The key by which it signs. */
  key(): SigningKey;
  stop(): Promise<void>;
}

interface Registered {
  entityId: string;
  assertionConsumerUrl: string;
  logoutUrl: string | undefined;
  encryptionCertificate: string | undefined;
}

const EMAIL = 'urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress';
const SESSION = 'session-1';
const base64Of = (pem: string) => pem.replace(/-----[^-]+-----|\s/g, '');

/** A SAML identity provider on this machine, whose pages post by themselves. */
export async function startSamlIdentityProvider(): Promise<SamlIdentityProviderUnderTest> {
  let keys = [await signingKey()];
  let registered: Registered | undefined;
  const server = createServer();
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const entityId = `${origin}/metadata`;
  const known = () => registered ?? fail('No service provider is registered');

  const provider: SamlIdentityProviderUnderTest = {
    entityId,
    metadataUrl: entityId,
    ssoUrl: `${origin}/sso`,
    person: { nameId: 'ada@example.com' },
    behaviour: { sign: 'assertion', encrypt: false, says: {} },
    wantsSignedRequests: false,
    asked: [],
    certificates: () => keys.map(({ certificate }) => certificate),
    register(text) {
      registered = readRegistration(parseXml(text));
    },
    async rotate() {
      keys = [...keys, await signingKey()];
    },
    dropOldKeys() {
      keys = keys.slice(-1);
    },
    async signIn(url) {
      const answered = await fetch(url);
      const html = await answered.text();
      const action = /<form method="post" action="([^"]*)"/.exec(html)?.[1] ?? fail(`It answered ${html}`);
      const fields = [...html.matchAll(/name="([^"]+)" value="([^"]*)"/g)];
      const read = (text: string) =>
        text.replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
      return {
        action: read(action),
        fields: Object.fromEntries(fields.map(([, name, value]) => [name!, read(value!)])),
      };
    },
    startUrl: relayState =>
      `${origin}/start${relayState === undefined ? '' : `?RelayState=${encodeURIComponent(relayState)}`}`,
    key: () => keys.at(-1)!,
    logout: (binding, more = {}) =>
      logoutRequest(
        { nameId: provider.person.nameId, nameIdFormat: EMAIL, sessionIndex: SESSION, ...more },
        parties(binding),
      ).sending,
    stop: () =>
      new Promise(resolve => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };

  /** As this side sees the two: what it sends goes to the service provider. */
  function parties(binding: LogoutEndpoint['binding']): Parties & { logout: LogoutEndpoint } {
    const { logoutUrl, assertionConsumerUrl, entityId: other } = known();
    return {
      serviceProvider: {
        entityId,
        assertionConsumerUrl: '',
        logoutUrl: `${origin}/slo`,
        keys: keys.slice(-1),
      },
      identityProvider: {
        entityId: other,
        ssoUrl: assertionConsumerUrl,
        certificates: [],
        idpInitiated: false,
      },
      logout: { binding, url: logoutUrl ?? fail('The service provider has no logout URL') },
    };
  }

  function answerTo(asked: { id: string; relayState?: string }, binding: 'redirect' | 'post'): Sending {
    const { loggedOut = 'done' } = provider.behaviour;
    if (loggedOut !== 'partly') return logoutResponse(asked, loggedOut === 'done', parties(binding));
    const { serviceProvider, logout } = parties(binding);
    const id = newId();
    const inner = element('samlp:StatusCode', { Value: 'urn:oasis:names:tc:SAML:2.0:status:PartialLogout' });
    const status = element('samlp:StatusCode', { Value: SUCCESS }, inner);
    const facts = { Destination: logout.url, InResponseTo: asked.id };
    const xml = message('LogoutResponse', id, serviceProvider, facts, element('samlp:Status', {}, status));
    const by = binding === 'post' ? byPost : byRedirect;
    return by(
      logout.url,
      { field: 'SAMLResponse', id, xml, relayState: asked.relayState },
      serviceProvider.keys[0],
    );
  }

  async function loginForm(request: XmlElement | undefined, relayState: string | null): Promise<string> {
    const { assertionConsumerUrl, entityId: audience, encryptionCertificate } = known();
    const { sign, encrypt, encryption, says } = provider.behaviour;
    const inResponseTo = request?.attributes.get('ID') ?? null;
    const xml = await issueResponse(
      {
        issuer: entityId,
        responseIssuer: entityId,
        responseId: newId(),
        assertionId: newId(),
        destination: assertionConsumerUrl,
        recipient: assertionConsumerUrl,
        audience,
        inResponseTo,
        confirmedInResponseTo: inResponseTo,
        status: 'urn:oasis:names:tc:SAML:2.0:status:Success',
        method: 'urn:oasis:names:tc:SAML:2.0:cm:bearer',
        nameId: provider.person.nameId,
        nameIdFormat: EMAIL,
        sessionIndex: SESSION,
        attributes: provider.person.attributes ?? {},
        issued: 0,
        notBefore: -60_000,
        notOnOrAfter: 300_000,
        confirmedUntil: 300_000,
        ...says,
      },
      {
        key: keys.at(-1)!,
        sign,
        ...(encrypt && { encryptFor: encryptionCertificate ?? fail('No encryption key') }),
        ...(encryption && { encryption }),
      },
    );
    return form(assertionConsumerUrl, {
      SAMLResponse: inBase64(xml),
      ...(relayState !== null && { RelayState: relayState }),
    });
  }

  server.on('request', async (request, response) => {
    try {
      const url = new URL(request.url!, origin);
      const parameters =
        request.method === 'POST' ? new URLSearchParams(await bodyOf(request)) : url.searchParams;
      const relayState = parameters.get('RelayState');
      const html = (text: string) => response.writeHead(200, { 'content-type': 'text/html' }).end(text);
      if (url.pathname === '/metadata')
        return void response
          .writeHead(200, { 'content-type': 'application/samlmetadata+xml' })
          .end(metadata());
      if (url.pathname === '/start') return void html(await loginForm(undefined, relayState));
      // Browsers also ask for an icon.
      if (!['/sso', '/slo'].includes(url.pathname)) return void response.writeHead(404).end();
      const field = parameters.has('SAMLRequest') ? 'SAMLRequest' : 'SAMLResponse';
      const bytes = Buffer.from(parameters.get(field) ?? '', 'base64');
      const received = parseXml((request.method === 'POST' ? bytes : inflateRawSync(bytes)).toString());
      provider.asked.push(received);
      if (url.pathname === '/sso') return void html(await loginForm(received, relayState));
      // An answer ends what was begun here.
      if (received.name === 'LogoutResponse') return void html('<p>Signed out</p>');
      const asked = { id: received.attributes.get('ID')!, ...(relayState !== null && { relayState }) };
      const binding = request.method === 'POST' ? 'post' : 'redirect';
      const answer = answerTo(asked, binding);
      if (answer.binding === 'redirect') return void response.writeHead(302, { location: answer.url }).end();
      html(form(answer.url, answer.fields));
    } catch (cause) {
      response.writeHead(500).end(String(cause));
    }
  });

  function metadata(): string {
    const described = keys.map(
      ({ certificate }) =>
        `<md:KeyDescriptor use="signing"><ds:KeyInfo><ds:X509Data><ds:X509Certificate>${base64Of(certificate)}</ds:X509Certificate></ds:X509Data></ds:KeyInfo></md:KeyDescriptor>`,
    );
    const services = ['SingleLogoutService', 'SingleSignOnService'].flatMap(name =>
      [REDIRECT_BINDING, POST_BINDING].map(
        binding =>
          `<md:${name} Binding="${binding}" Location="${origin}/${name === 'SingleSignOnService' ? 'sso' : 'slo'}"/>`,
      ),
    );
    return `<md:EntityDescriptor xmlns:md="${METADATA}" xmlns:ds="${SIGNATURE}" entityID="${entityId}"><md:IDPSSODescriptor WantAuthnRequestsSigned="${provider.wantsSignedRequests}" protocolSupportEnumeration="urn:oasis:names:tc:SAML:2.0:protocol">${described.join('')}${services.join('')}</md:IDPSSODescriptor></md:EntityDescriptor>`;
  }

  return provider;
}

function readRegistration(entity: XmlElement): Registered {
  const [role] = childrenOf(entity, METADATA, 'SPSSODescriptor');
  const locationOf = (name: string) => childrenOf(role!, METADATA, name)[0]?.attributes.get('Location');
  const encryption = childrenOf(role!, METADATA, 'KeyDescriptor').find(
    ({ attributes }) => attributes.get('use') === 'encryption',
  );
  const certificate =
    encryption && [...descendants(encryption)].find(({ name }) => name === 'X509Certificate');
  return {
    entityId: entity.attributes.get('entityID')!,
    assertionConsumerUrl: locationOf('AssertionConsumerService')!,
    logoutUrl: locationOf('SingleLogoutService'),
    encryptionCertificate:
      certificate && `-----BEGIN CERTIFICATE-----\n${certificate.text}\n-----END CERTIFICATE-----\n`,
  };
}

const form = (action: string, fields: Record<string, string>) =>
  `<!doctype html><title>Signing in</title><body onload="document.forms[0].submit()"><form method="post" action="${escaped(action)}">${Object.entries(
    fields,
  )
    .map(([name, value]) => `<input type="hidden" name="${name}" value="${escaped(value)}">`)
    .join('')}<button>Continue</button></form>`;

async function bodyOf(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await request.toArray()).toString();
}

function fail(reason: string): never {
  throw new Error(reason);
}
