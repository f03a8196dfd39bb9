import { element } from './element.js';
import { emptyBody } from './schema.js';

/** Characters of an answer that are shown, and milliseconds for which one is awaited. */
const MOST_SHOWN = 100_000;
const PATIENCE = 30_000;

const tokenField = document.getElementById('token');
/** Said by every answer alike; the others are worth a look. */
const shownHeaders = ['content-type', 'location', 'retry-after', 'ratelimit', 'x-request-id', 'etag'];

/**
 * The form that sends one operation, and its answer. Nothing is filled in but a body's empty fields; requests go to
 * the origin of this page and nowhere else.
 *
 * @param prefix of the ids in it, unique on the page
 */
export function requestForm(operation, prefix, resolve) {
  const said = element('p', { className: 'said', role: 'status' });
  const answer = element('div', { className: 'answer' });
  const fields = operation.parameters.map((parameter, index) => ({
    parameter,
    input: element('input', {
      id: `${prefix}-${index}`,
      type: 'text',
      autocomplete: 'off',
      spellcheck: false,
      required: parameter.required === true,
    }),
  }));
  const [type, media] = Object.entries(operation.body?.content ?? {})[0] ?? [];
  const body = type && bodyField(type, media, `${prefix}-body`, operation.body.required, resolve);
  const send = element('button', { type: 'submit', textContent: `Send ${operation.method}` });
  const form = element(
    'form',
    { className: 'request' },
    fields.flatMap(({ parameter, input }) => [
      element('label', {
        htmlFor: input.id,
        textContent: `${parameter.name} (${parameter.in}${parameter.required ? ', required' : ''})`,
      }),
      input,
    ]),
    body?.nodes,
    send,
    said,
    answer,
  );
  form.addEventListener('submit', async event => {
    event.preventDefault();
    answer.replaceChildren();
    if (operation.needsToken && tokenField.value === '') {
      said.textContent = 'This operation needs an access token: put one in at the top of the page.';
      return;
    }
    said.textContent = 'Sending';
    send.disabled = true;
    try {
      const began = performance.now();
      const response = await fetch(addressOf(operation, fields), await optionsOf(operation, fields, body));
      const took = Math.round(performance.now() - began);
      answer.replaceChildren(...(await answerView(response)));
      said.textContent = `Answered ${response.status} ${response.statusText} after ${took} ms`;
    } catch (cause) {
      said.textContent = `Not answered: ${cause.message}`;
    } finally {
      send.disabled = false;
    }
  });
  return form;
}

function bodyField(type, media, id, required, resolve) {
  const file = !/json$/.test(type);
  const input = file
    ? element('input', { id, type: 'file', required })
    : element('textarea', {
        id,
        rows: 6,
        spellcheck: false,
        value: JSON.stringify(emptyBody(media.schema ?? {}, resolve), null, 2),
      });
  const label = element('label', { htmlFor: id, textContent: `Body (${type})` });
  return { type, nodes: [label, input], read: () => (file ? input.files[0] : input.value) };
}

function addressOf({ path }, fields) {
  const query = new URLSearchParams();
  let filled = path;
  for (const { parameter, input } of fields) {
    if (parameter.in === 'path')
      filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(input.value));
    else if (parameter.in === 'query' && input.value !== '') query.append(parameter.name, input.value);
  }
  const address = new URL(window.location.origin);
  address.pathname = filled;
  address.search = query.toString();
  return address;
}

async function optionsOf({ method, takesToken }, fields, body) {
  const headers = new Headers();
  for (const { parameter, input } of fields)
    if (parameter.in === 'header' && input.value !== '') headers.set(parameter.name, input.value);
  if (takesToken && tokenField.value !== '') headers.set('Authorization', `Bearer ${tokenField.value}`);
  const content = body?.read();
  if (content) headers.set('Content-Type', body.type);
  return {
    method,
    headers,
    body: content || undefined,
    cache: 'no-store',
    credentials: 'omit',
    redirect: 'manual',
    signal: AbortSignal.timeout(PATIENCE),
  };
}

async function answerView(response) {
  const lines = shownHeaders
    .filter(name => response.headers.has(name))
    .map(name => `${name}: ${response.headers.get(name)}`);
  const type = response.headers.get('content-type') ?? '';
  const textual = /^text\/|json|ndjson|xml/.test(type);
  const content = textual
    ? readable(await response.text(), type)
    : `${(await response.arrayBuffer()).byteLength} bytes`;
  const parts = [element('pre', { textContent: `${lines.join('\n')}\n\n${content}`.slice(0, MOST_SHOWN) })];
  const token = accessTokenIn(content);
  if (token) {
    const use = element('button', { type: 'button', textContent: 'Use this access token' });
    use.addEventListener('click', () => {
      tokenField.value = token;
      use.textContent = 'Used from now on';
    });
    parts.push(use);
  }
  return parts;
}

function readable(text, type) {
  if (!/json$|json;/.test(type)) return text;
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function accessTokenIn(text) {
  try {
    return JSON.parse(text)?.data?.access_token;
  } catch {
    return undefined;
  }
}
