import { Id } from '@rivergate/endpoint';

/** In a body: which organization is acted in; goes with `organization: namedOrganization`. */
export const NamedOrganization = Id.optional().meta({ description: 'Default: the active organization' });

/** The organization that a body names. */
export const namedOrganization = ({ body }: { body: { organization_id?: number | undefined } }) =>
  body.organization_id;
