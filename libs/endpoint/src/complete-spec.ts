import { z } from 'zod';
import { acceptedBy, form, isStreamed, mediaTypes } from './body/kinds.ts';
import { isOpen } from './caller-of.ts';
import { deprecationHeaders } from './deprecation.ts';
import { ORGANIZATION_PARAMETER } from './organization-parameter.ts';
import { actsInOrganization, isSafe } from './required-scope.ts';
import type { EndpointSpec } from './spec.ts';

/** What a service says of those of its endpoints that say nothing else. */
export type SpecDefaults = Pick<EndpointSpec, 'impersonated' | 'boundSessions'>;

/**
 * Refuses a declaration that contradicts itself where the types cannot, and adds what the library answers beside the
 * handler's data, and who it is open to where the declaration leaves that to its service and to its kind.
 *
 * @throws an ordinary Error that names the endpoint: the service does not boot
 */
export function completeSpec<Spec extends EndpointSpec>(declared: Spec, defaults: SpecDefaults = {}): Spec {
  const spec = withReach(withForm(declared), defaults);
  for (const flaw of flawsOf(spec)) throw new Error(`${spec.method} ${spec.path} ${flaw}`);
  deprecationHeaders(spec.deprecated);
  if (!spec.messageInData) return spec;
  const data = spec.answer instanceof z.ZodObject ? spec.answer : z.object({});
  return { ...spec, answer: data.extend({ message: z.string() }) };
}

/** The bodies of OAuth are forms (RFC 6749, section 4.1.3). */
function withForm<Spec extends EndpointSpec>(spec: Spec): Spec {
  if (spec.protocol !== 'oauth' || !spec.body || spec.accepts) return spec;
  return { ...spec, accepts: [form({ oauth: true })] };
}

function withReach<Spec extends EndpointSpec>(spec: Spec, defaults: SpecDefaults): Spec {
  const ordinary = actsInOrganization(spec) && !spec.session && spec.status !== 202;
  return {
    ...spec,
    impersonated: spec.impersonated ?? defaults.impersonated ?? ordinary,
    boundSessions: spec.boundSessions ?? defaults.boundSessions ?? actsInOrganization(spec),
  };
}

function* flawsOf(spec: EndpointSpec): Generator<string> {
  if (spec.caller === 'internal' && !spec.callers?.length) yield 'is internal and names no callers';
  if (spec.caller !== 'internal' && spec.callers) yield 'names callers and is not internal';
  if (spec.caller !== 'internal' && spec.onBehalfOf) yield 'is asked on behalf of a user and is not internal';
  const forUsers = spec.onBehalfOf !== undefined || !(isOpen(spec.caller) || spec.caller === 'internal');
  if (spec.activeOrganization && !forUsers) yield 'needs an active organization and no signed-in caller';
  if (spec.session && !forUsers) yield 'takes a session and needs no signed-in caller';
  if (spec.fresh && !spec.session) yield 'asks for a fresh authentication and takes no session';
  if (spec.everyOrganization && (spec.activeOrganization || spec.params?.shape[ORGANIZATION_PARAMETER]))
    yield 'acts over all organizations and in one';
  if (spec.impersonated && spec.session)
    yield 'is open to who acts in the name of its user and takes a session';
  if (spec.clients && !(forUsers && actsInOrganization(spec)))
    yield 'is for clients and acts in no organization';
  if (spec.clients && spec.session) yield 'takes a session, which clients do not have';
  if (spec.workspace && !forUsers) yield 'acts in a workspace and needs no signed-in caller';
  if (spec.workspace && spec.workspace !== 'every') {
    const [part, name] = spec.workspace.split('.') as ['params' | 'query' | 'body', string];
    if (!spec[part]?.shape[name]) yield `names the workspace by ${spec.workspace}, which it does not take`;
  }
  if (spec.writes && !isSafe(spec)) yield 'is not safe, of which alone it has to be said that it writes';
  if (spec.messageInData && spec.message === undefined) yield 'repeats a message that it does not have';
  if (spec.messageInData && spec.answer && !(spec.answer instanceof z.ZodObject))
    yield 'repeats its message in something that is no object';
  const odd = Object.keys(spec.cookies ?? {}).find(name => !/^[a-z][a-z0-9_-]*$/.test(name));
  if (odd !== undefined) yield `declares a cookie ${odd}: lower-case letters, digits, - and _ only`;
  if (spec.events && (spec.answer || spec.content || spec.streams))
    yield 'answers events beside something else, which a client could not tell apart';
  const whole = !(spec.content || spec.streams || spec.events || spec.redirects || spec.cookies);
  if (spec.method !== 'get' && !whole && spec.idempotency !== false)
    yield 'keeps for retries what cannot be kept: set idempotency to false';
  const kinds = acceptedBy(spec);
  if (mediaTypes(kinds).length < kinds.flatMap(({ types }) => types).length)
    yield 'takes one media type in two ways';
  if (spec.bodyLimit !== undefined && kinds.every(isStreamed)) yield 'limits a body that is a file twice';
  const spends = spec.idempotency ? spec.idempotency.spends : undefined;
  if (spends === undefined) return;
  const [part, name] = spends.split('.') as ['body' | 'params', string];
  if (!spec[part]?.shape[name]) yield `spends ${spends}, which it does not take`;
}
