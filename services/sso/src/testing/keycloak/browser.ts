import { type KeycloakPerson, PASSWORD } from './realm.ts';

/** Where Keycloak sends a browser that it is done with. */
export interface Sent {
  url: URL;
  /** Of a form that is posted there; null where it is a redirect. */
  fields: Record<string, string> | null;
}

/** What is asked of it throws what Keycloak says, where that sends the browser nowhere. */
export interface KeycloakBrowser {
  /** Goes on at this address until Keycloak sends it elsewhere, and signs in where it is asked to. */
  signIn(url: string, person: KeycloakPerson): Promise<Sent>;
  /** The same, without anybody to sign in. */
  go(url: string): Promise<Sent>;
  post(url: string, fields: Record<string, string>): Promise<Sent>;
}

export interface Form {
  action: string;
  fields: Record<string, string>;
}

/** A browser without scripts, which keeps its cookies. For one realm. */
export function keycloakBrowser(realmUrl: string): KeycloakBrowser {
  const { origin } = new URL(realmUrl);
  const cookies = new Map<string, string>();

  async function request(url: string, body?: URLSearchParams): Promise<Response> {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ');
    const answered = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(body && { method: 'POST', body }),
    });
    for (const set of answered.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(set)!;
      if (/max-age=0/i.test(set)) cookies.delete(name!);
      else cookies.set(name!, value!);
    }
    return answered;
  }

  async function follow(answer: Response, person: KeycloakPerson | undefined): Promise<Sent> {
    let answered = answer;
    for (let step = 0; step < 10; step++) {
      const location = answered.headers.get('location');
      if (location !== null) {
        const url = new URL(location, origin);
        if (url.origin !== origin) return { url, fields: null };
        answered = await request(url.href);
        continue;
      }
      const page = await answered.text();
      const form = formIn(page);
      if (!form) throw new Error(`Keycloak answers ${answered.status}: ${wordsOf(page)}`);
      const url = new URL(form.action, origin);
      if (url.origin !== origin) return { url, fields: form.fields };
      const asked = 'password' in form.fields;
      if (asked && !person) throw new Error(`Keycloak asks who it is: ${wordsOf(page)}`);
      const body = new URLSearchParams(form.fields);
      if (asked) {
        body.set('username', person!.username);
        body.set('password', PASSWORD);
      }
      answered = await request(url.href, body);
    }
    throw new Error('Keycloak sends the browser to and fro');
  }

  return {
    signIn: async (url, person) => follow(await request(url), person),
    go: async url => follow(await request(url), undefined),
    post: async (url, fields) => follow(await request(url, new URLSearchParams(fields)), undefined),
  };
}

/** The first form of a page, whose fields are inputs. */
export function formIn(page: string): Form | undefined {
  const [, opened, content] = /(<form\b[^>]*>)([\s\S]*?)<\/form>/i.exec(page) ?? [];
  const action = opened && attributesOf(opened).action;
  if (!action) return undefined;
  const inputs = [...content!.matchAll(/<input\b[^>]*>/gi)].map(([tag]) => attributesOf(tag));
  const named = inputs.filter(({ name }) => name !== undefined);
  return { action, fields: Object.fromEntries(named.map(({ name, value }) => [name!, value ?? ''])) };
}

const attributesOf = (tag: string): Record<string, string | undefined> =>
  Object.fromEntries(
    [...tag.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name!.toLowerCase(), read(value!)]),
  );

const NAMED: Record<string, string> = { amp: '&', quot: '"', lt: '<', gt: '>', apos: "'" };
const read = (text: string) =>
  text.replace(/&(?:#x([\da-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) => {
    if (name) return NAMED[name] ?? whole;
    return String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal));
  });

const wordsOf = (page: string) =>
  page
    .replace(/<(script|style)[\s\S]*?<\/\1>|<[^>]*>/gi, ' ')
    .replace(/\s+/g, ' ')
    .slice(0, 500);
