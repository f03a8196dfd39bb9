import { isOpen } from '@rivergate/endpoint';
import { endpointsByTag } from '@rivergate/service';
import { describe, expect, it } from 'vitest';
import { definitions } from '../services.ts';

const all = definitions.flatMap(definition =>
  Object.values(endpointsByTag(definition))
    .flat()
    .map(({ spec }) => ({ service: definition.name, spec })),
);
const open = all.filter(({ spec }) => spec.impersonated);
const operations = (of: typeof all) => of.map(({ spec }) => spec.operation).toSorted();

describe('in the name of another', () => {
  it('nothing of identity is done but to see who one is and to stop', () => {
    expect(operations(open.filter(({ service }) => service === 'identity'))).toEqual(['getMe', 'logOut']);
  });

  it('nothing is done that takes a session of its user, an authentication of late, or goes on after its answer', () => {
    expect(operations(open.filter(({ spec }) => spec.session || spec.fresh || spec.status === 202))).toEqual(
      [],
    );
  });

  it('elsewhere nothing is done outside of an organization, but what tells who one is', () => {
    const outside = open.filter(
      ({ service, spec }) =>
        service !== 'identity' &&
        !(spec.params?.shape.org_id || spec.activeOrganization || spec.everyOrganization),
    );
    expect(operations(outside)).toEqual(['listMemberships']);
  });

  it('what else is closed, though it takes a token in place of a session, is not of one organization or is of identity', () => {
    const closed = all.filter(
      ({ service, spec }) =>
        service !== 'identity' &&
        !spec.impersonated &&
        !spec.session &&
        !(isOpen(spec.caller) || spec.caller === 'internal' || spec.caller === 'scim') &&
        spec.status !== 202,
    );
    expect(operations(closed)).toEqual([
      'listInvitations',
      'listOrganizations',
      'listPermissions',
      'revokeInvitation',
    ]);
  });
});
