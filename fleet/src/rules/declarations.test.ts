import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Endpoint, routeKey, templatePath } from '@rivergate/endpoint';
import * as events from '@rivergate/events';
import { catalogue as eventCatalogue } from '@rivergate/events';
import { describe, expect, it } from 'vitest';
import { catalogue } from '../coverage/table.ts';
import { clone } from '../launch/roster.ts';
import { definitions } from '../services.ts';

const endpoints = definitions.flatMap(({ name, modules }) =>
  modules.flatMap(module => (module.endpoints ?? []).map(({ spec }: Endpoint) => ({ service: name, spec }))),
);
const rowOf = new Map(
  catalogue.modules.flatMap(({ service, endpoints: rows }) =>
    rows.map(row => [routeKey(row.method, row.path), { ...row, service }] as const),
  ),
);

describe('endpoints', () => {
  it('have a path and method that no other endpoint of the fleet has', () => {
    const places = endpoints
      .filter(({ spec }) => spec.caller !== 'internal')
      .map(({ spec }) => routeKey(spec.method, templatePath(spec)));
    expect(places.filter((place, index) => places.indexOf(place) !== index)).toEqual([]);
  });

  /** Where the rule that holds cannot be said by one word: the declared one, and why. */
  const own = {
    because: 'the path names no organization: the handler asks for member.invite in that of the invitation',
    declared: 'user',
  };
  const otherwise: Record<string, { declared: string; because: string }> = {
    'GET /api/v1/invitations': own,
    'DELETE /api/v1/invitations/{}': own,
  };

  it('let in whom the catalogue lets in, at the service that it names', () => {
    const different = endpoints.flatMap(({ service, spec }) => {
      const place = routeKey(spec.method, templatePath(spec));
      const row = rowOf.get(place);
      if (!row || otherwise[place]?.declared === spec.caller) return [];
      if (row.caller === spec.caller && row.service === service) return [];
      return [
        `${place}: ${service} declares ${spec.caller}, the catalogue says ${row.service} ${row.caller}`,
      ];
    });
    expect(different).toEqual([]);
  });

  it('differ from the catalogue only as long as they really do', () => {
    const settled = Object.entries(otherwise).filter(([place, { declared }]) => {
      const found = endpoints.find(({ spec }) => routeKey(spec.method, templatePath(spec)) === place);
      return found?.spec.caller !== declared || rowOf.get(place)?.caller === declared;
    });
    expect(settled).toEqual([]);
  });
});

describe('events', () => {
  const sources = globSync('{services/*,libs/*,gateway}/src/**/*.ts', { cwd: clone })
    .filter(file => !/\.test\.ts$|\/testing\/|\/catalogue\//.test(file))
    .map(file => readFileSync(join(clone, file), 'utf8'))
    .join('\n');

  it('are exported by the catalogue, each under one name', () => {
    const exported = Object.values(events).filter(value => eventCatalogue.includes(value as never));
    expect(exported.length).toBe(eventCatalogue.length);
  });

  /** Declared for consumers that are there already. */
  const awaited: Record<string, string> = {};

  it.each(
    Object.entries(events)
      .filter(([, value]) => eventCatalogue.includes(value as never))
      .map(([name, value]) => [(value as { type: string }).type, name]),
  )('%s is emitted by something, or waits for a capability that is named', (type, name) => {
    // The library emits those of jobs, of which a service says by `jobKinds` that they are its own.
    // So it does of what confirms erasures, which a service names as `erased`.
    const emitter = `\\bemit\\(\\s*(?:\\w+,\\s*)?${name}\\b|\\bjobKinds<\\w+>\\(\\{[^}]*\\b${name}\\b|\\berased: ${name}\\b`;
    const emitted = new RegExp(emitter).test(sources);
    expect(emitted).toBe(awaited[type] === undefined);
  });
});
