import { element } from './element.js';
import { operationView } from './operation.js';
import { inline, prose } from './prose.js';
import { loadDocument, operationsOf, resolver } from './reference.js';
import { requestForm } from './request.js';

const part = id => document.getElementById(id);

try {
  const openapi = await loadDocument();
  show(openapi, resolver(openapi));
  part('state').hidden = true;
  part('reference').hidden = false;
  openNamed();
} catch (cause) {
  part('state').textContent = `${cause.message}. Please load the page again.`;
}

function show(openapi, resolve) {
  const operations = operationsOf(openapi, resolve);
  part('introduction').replaceChildren(...prose(openapi.info?.description));
  showFirst(operations, resolve);

  // A group is what has operations; one that is only declared is not shown.
  const groups = Map.groupBy(operations, ({ group }) => group);
  const described = new Map((openapi.tags ?? []).map(tag => [tag.name, tag.description]));
  const sections = [...groups]
    .sort(([one], [other]) => one.localeCompare(other))
    .map(([name, members], index) => {
      const id = `group-${index}`;
      const views = members.map(operation => ({ operation, view: operationView(operation, resolve) }));
      const description = described.get(name);
      const section = element(
        'section',
        { id, 'aria-labelledby': `${id}-heading` },
        element('h3', { id: `${id}-heading`, textContent: name }),
        description ? element('p', {}, inline(description)) : null,
        views.map(({ view }) => view),
      );
      const link = element(
        'li',
        {},
        element('a', { href: `#${id}`, textContent: name }),
        ` ${members.length}`,
      );
      return { section, views, link };
    });
  part('list').replaceChildren(...sections.map(({ section }) => section));
  part('groups').replaceChildren(
    element(
      'ul',
      {},
      sections.map(({ link }) => link),
    ),
  );
  const filter = () => narrow(sections, operations.length);
  part('filter').addEventListener('input', filter);
  filter();
  // On a narrow page the contents would come before everything else.
  part('contents').open = window.matchMedia('(min-width: 800px)').matches;
  window.addEventListener('hashchange', openNamed);
}

/** Offers what can be sent as it stands: it reads, and needs neither a token nor a parameter. */
function showFirst(operations, resolve) {
  const first = operations.find(
    ({ method, takesToken, parameters }) =>
      method === 'GET' && !takesToken && !parameters.some(({ required }) => required),
  );
  part('first').hidden = first === undefined;
  if (!first) return;
  part('first').append(
    element('p', {}, [
      element('code', { textContent: `GET ${first.path}` }),
      ` needs neither a token nor a parameter: ${first.summary}.`,
    ]),
    requestForm({ ...first, parameters: [] }, 'first', resolve),
  );
}

function narrow(sections, total) {
  const words = part('filter').value.toLowerCase().split(/\s+/).filter(Boolean);
  let count = 0;
  for (const { section, views, link } of sections) {
    let visible = 0;
    for (const { operation, view } of views) {
      const text =
        `${operation.method} ${operation.path} ${operation.summary} ${operation.group}`.toLowerCase();
      view.hidden = !words.every(word => text.includes(word));
      if (!view.hidden) visible += 1;
    }
    section.hidden = visible === 0;
    link.hidden = section.hidden;
    count += visible;
  }
  part('found').textContent = `${count} of ${total} operations`;
}

/** Opens the operation that the address names. */
function openNamed() {
  const named = part(decodeURIComponent(window.location.hash.slice(1)));
  if (named?.matches('details.operation')) named.open = true;
  named?.scrollIntoView();
}
