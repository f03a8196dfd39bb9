/** What a condition can ask about, each with the kind of its values. */
export const ATTRIBUTES = {
  'user.id': 'id',
  'user.is_admin': 'flag',
  'user.impersonated': 'flag',
  'user.permissions': 'permissions',
  'user.roles': 'ids',
  'session.amr': 'texts',
  'session.age': 'seconds',
  'session.second_factor_omitted': 'flag',
  'device.trusted': 'flag',
  'token.kind': 'text',
  'token.client_id': 'text',
  'request.ip': 'address',
  'request.time': 'instant',
  'request.method': 'text',
  'workspace.id': 'id',
  'resource.operation': 'text',
  'resource.permission': 'text',
} as const;

export type AttributeName = keyof typeof ATTRIBUTES;
export type AttributeKind = (typeof ATTRIBUTES)[AttributeName];

/** How an attribute of a kind is compared. There is one way for each, and `not` for its opposite. */
export const OPERATORS = {
  id: 'in',
  ids: 'has_any',
  flag: 'is',
  texts: 'has_any',
  permissions: 'has_any',
  seconds: 'at_most',
  text: 'in',
  address: 'in',
  instant: 'within',
} as const satisfies Record<AttributeKind, string>;

export type AttributeValue = string | number | boolean | readonly string[] | readonly number[];

/** Undefined for what is not known of a request, or does not apply to it. */
export type Attributes = (name: AttributeName) => AttributeValue | undefined;

/** A part of the week in a time zone (IANA). */
export type TimeWindow = {
  time_zone: string;
  /** ISO 8601: 1 is Monday. */
  weekdays: readonly number[];
  /** HH:MM, from 00:00; itself within. */
  from: string;
  /** HH:MM, to 24:00; itself not within. */
  until: string;
};

export type Comparison = {
  attribute: AttributeName;
  operator: string;
  value: boolean | number | readonly number[] | readonly string[] | TimeWindow;
};

/** A tree of comparisons. `all` of none is true, `any` of none false. */
export type Condition =
  | { all: readonly Condition[] }
  | { any: readonly Condition[] }
  | { not: Condition }
  | Comparison;

/** A rule of an organization about requests in it. It takes from what roles allow and never adds to that. */
export type AttributePolicy = {
  id: number;
  /** Rises with each change. */
  revision: number;
  name: string;
  /** What becomes of a request that it applies to: `allow` ends the search. */
  effect: 'allow' | 'deny';
  /** `report`: it decides nothing, and what it would have decided is counted. */
  mode: 'enforce' | 'report';
  condition: Condition;
};
