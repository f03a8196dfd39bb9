import type { Route } from './route.ts';

/** What a path and method lead to: a route, the methods that the path has instead, or nothing. */
export type Match = { route: Route } | { allowed: string[] } | null;

export type RouteTable = {
  match(method: string, path: string): Match;
  readonly size: number;
};

type Node = {
  statics: Map<string, Node>;
  parameter: Node | null;
  routes: Map<string, Route> | null;
};

const newNode = (): Node => ({ statics: new Map(), parameter: null, routes: null });

/**
 * Routes by path segment. At every segment a literal wins over a parameter; where the literal leads to no route of
 * the method, the parameter is tried, as the services' own routers do. HEAD is answered as GET.
 */
export function routeTable(routes: Iterable<Route>): RouteTable {
  const root = newNode();
  let size = 0;
  for (const route of routes) {
    let node = root;
    for (const segment of route.path.split('/').slice(1)) node = child(node, segment);
    node.routes ??= new Map();
    if (!node.routes.has(route.method)) {
      node.routes.set(route.method, route);
      size += 1;
    }
  }
  return {
    size,
    match(method, path) {
      const segments = path.split('/');
      const route = find(root, segments, 1, method === 'HEAD' ? 'GET' : method, null);
      if (route) return { route };
      const allowed = new Set<string>();
      find(root, segments, 1, '', allowed);
      return allowed.size > 0 ? { allowed: [...allowed].sort() } : null;
    },
  };
}

function child(node: Node, segment: string): Node {
  if (segment.startsWith('{')) {
    node.parameter ??= newNode();
    return node.parameter;
  }
  let next = node.statics.get(segment);
  if (!next) {
    next = newNode();
    node.statics.set(segment, next);
  }
  return next;
}

/** @param allowed takes the methods of what the path leads to without `method` */
function find(
  node: Node,
  segments: readonly string[],
  index: number,
  method: string,
  allowed: Set<string> | null,
): Route | null {
  if (index === segments.length) {
    const route = node.routes?.get(method);
    if (route) return route;
    if (node.routes && allowed) for (const other of node.routes.keys()) allow(allowed, other);
    return null;
  }
  const segment = segments[index] as string;
  const literal = node.statics.get(segment);
  const found = literal ? find(literal, segments, index + 1, method, allowed) : null;
  if (found) return found;
  return node.parameter && segment !== '' ? find(node.parameter, segments, index + 1, method, allowed) : null;
}

function allow(allowed: Set<string>, method: string): void {
  allowed.add(method);
  if (method === 'GET') allowed.add('HEAD');
}
