import { describe, expect, it } from 'vitest';
import { testRoute } from '../testing/stand-in.ts';
import { routeOf } from './route.ts';
import { routeTable } from './table.ts';

const table = routeTable(
  [
    testRoute('GET', '/api/v1/policies/{policy_id}'),
    testRoute('DELETE', '/api/v1/policies/{policy_id}'),
    testRoute('GET', '/api/v1/policies/dashboard'),
    testRoute('GET', '/api/v1/policies/{policy_id}/history'),
    testRoute('POST', '/api/v1/policies/dashboard/share'),
    testRoute('POST', '/api/v1/policies'),
  ].map(route => routeOf('policy', route)),
);

function found(method: string, path: string): unknown {
  const match = table.match(method, path);
  return match && ('route' in match ? match.route.path : match.allowed);
}

describe('the route table', () => {
  it('lets a literal win over a parameter', () => {
    expect(found('GET', '/api/v1/policies/dashboard')).toBe('/api/v1/policies/dashboard');
    expect(found('GET', '/api/v1/policies/7')).toBe('/api/v1/policies/{policy_id}');
  });

  it('tries the parameter where the literal leads nowhere', () => {
    expect(found('GET', '/api/v1/policies/dashboard/history')).toBe('/api/v1/policies/{policy_id}/history');
    expect(found('DELETE', '/api/v1/policies/dashboard')).toBe('/api/v1/policies/{policy_id}');
  });

  it('answers HEAD as GET', () => {
    expect(found('HEAD', '/api/v1/policies/7')).toBe('/api/v1/policies/{policy_id}');
  });

  it('names the methods of a path that has another', () => {
    expect(found('PATCH', '/api/v1/policies/7')).toEqual(['DELETE', 'GET', 'HEAD']);
    expect(found('GET', '/api/v1/policies')).toEqual(['POST']);
  });

  it('knows nothing else', () => {
    expect(found('GET', '/api/v1')).toBeNull();
    expect(found('GET', '/api/v1/policies/7/unknown')).toBeNull();
    expect(found('GET', '/api/v1/Policies/7')).toBeNull();
    expect(found('GET', '/api/v1/policies/')).toBeNull();
  });
});
