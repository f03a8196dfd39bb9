export { type Route, routeOf } from './route.ts';
export { type RouteTable, routeTable } from './table.ts';
