/** Name of the path parameter that says on which organization a request acts. */
export const ORGANIZATION_PARAMETER = 'org_id';
