import { element } from './element.js';
import { inline, prose } from './prose.js';
import { requestForm } from './request.js';
import { fieldView, schemaView } from './schema.js';

/** An operation that can be opened; what is in it is made when it is opened first: there are hundreds. */
export function operationView(operation, resolve) {
  const { id, method, path, summary, deprecated } = operation;
  const view = element(
    'details',
    { id, className: 'operation' },
    element(
      'summary',
      {},
      element('h4', {}, [
        element('span', { className: `method ${method.toLowerCase()}`, textContent: method }),
        ' ',
        element('code', {}, wrappable(path)),
        deprecated ? element('span', { className: 'required', textContent: ' deprecated' }) : null,
        element('span', { className: 'summary', textContent: ` ${summary}` }),
      ]),
    ),
  );
  return filledWhenOpened(view, () => contentOf(operation, resolve));
}

function filledWhenOpened(details, content) {
  details.addEventListener('toggle', () => {
    if (details.open && details.childElementCount === 1) details.append(content());
  });
  return details;
}

/** A path may be broken after each of its segments. */
function wrappable(path) {
  return path.split(/(?<=\/)/).flatMap(segment => [segment, document.createElement('wbr')]);
}

function contentOf(operation, resolve) {
  const { id, description, needsToken, takesToken, parameters, body, responses } = operation;
  const access = needsToken
    ? 'Needs an access token.'
    : takesToken
      ? 'Takes an access token.'
      : 'Open to everyone.';
  const sections = [...prose(description), element('p', { textContent: access })];
  if (parameters.length > 0) {
    const list = parameters.map(parameter =>
      fieldView(
        parameter.name,
        { ...resolve(parameter.schema ?? {}), description: parameter.description },
        parameter.required === true,
        resolve,
      ),
    );
    sections.push(heading('Parameters'), element('ul', { className: 'fields' }, list));
  }
  for (const [type, media] of Object.entries(body?.content ?? {}))
    sections.push(heading(`Body (${type})`), schemaView(media.schema ?? {}, resolve), ...exampleOf(media));
  sections.push(heading('Try it'), requestForm(operation, `try-${id}`, resolve), heading('Answers'));
  sections.push(...responses.map(([status, response]) => responseView(status, response, resolve)));
  return element('div', { className: 'content' }, sections);
}

function responseView(status, response, resolve) {
  const media = Object.entries(response.content ?? {});
  const title = [element('strong', { textContent: `${status} ` }), ...inline(response.description)];
  if (media.length === 0) return element('p', {}, title);
  const view = element('details', { className: 'response' }, element('summary', {}, title));
  const contentOfResponse = () =>
    element(
      'div',
      {},
      media.flatMap(([type, { schema, ...more }]) => [
        element('p', {}, element('code', { textContent: type })),
        schemaView(schema ?? {}, resolve),
        ...exampleOf(more),
      ]),
    );
  return filledWhenOpened(view, contentOfResponse);
}

function exampleOf({ example, examples }) {
  const shown = example ?? Object.values(examples ?? {})[0]?.value;
  if (shown === undefined) return [];
  const text = typeof shown === 'string' ? shown : JSON.stringify(shown, null, 2);
  return [element('p', { textContent: 'For example:' }), element('pre', { textContent: text })];
}

function heading(text) {
  return element('h5', { textContent: text });
}
