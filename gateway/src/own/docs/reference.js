/** @returns the OpenAPI document of the platform that served this page */
export async function loadDocument() {
  const answer = await fetch('/api/v1/openapi.json', { credentials: 'omit' });
  if (!answer.ok) throw new Error(`The document could not be loaded (${answer.status})`);
  return answer.json();
}

/** What a `$ref` into the document points to; everything else is itself. */
export function resolver(openapi) {
  return function resolve(value) {
    let found = value;
    // A reference to a reference is allowed; a circle of them is nothing.
    for (let steps = 0; found?.$ref !== undefined; steps++) {
      if (steps === 20 || !found.$ref.startsWith('#/')) return {};
      found = found.$ref
        .slice(2)
        .split('/')
        .reduce((node, key) => node?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], openapi);
    }
    return found ?? {};
  };
}

const methods = ['get', 'put', 'post', 'delete', 'patch', 'head', 'options', 'trace'];

/** Every operation of the document, with what its path says for all of them. */
export function operationsOf(openapi, resolve) {
  return Object.entries(openapi.paths ?? {}).flatMap(([path, item]) =>
    methods
      .filter(method => item[method])
      .map(method => {
        const operation = item[method];
        const security = operation.security ?? openapi.security ?? [];
        const body = operation.requestBody && resolve(operation.requestBody);
        return {
          id: operation.operationId ?? `${method} ${path}`,
          method: method.toUpperCase(),
          path,
          group: operation.tags?.[0] ?? 'Other',
          summary: operation.summary ?? '',
          description: operation.description ?? '',
          deprecated: operation.deprecated === true,
          needsToken: security.length > 0 && !security.some(one => Object.keys(one).length === 0),
          takesToken: security.length > 0,
          parameters: [...(item.parameters ?? []), ...(operation.parameters ?? [])].map(resolve),
          body: body && { required: body.required === true, content: body.content ?? {} },
          responses: Object.entries(operation.responses ?? {}).map(([status, response]) => [
            status,
            resolve(response),
          ]),
        };
      }),
  );
}
