import type { ResourceType } from '../protocol/attribute.ts';
import type { AttributePath } from '../protocol/path.ts';

/** SQL of attributes. All of it is made from declarations, and none from what a client sends. */
export interface Expressions {
  /** The column of the identifier, a number. */
  id: string;
  /** Of an attribute, or sub-attribute, that is no list: text, null where there is no value. */
  scalar(path: AttributePath): string;
  /** The column in lower case of what has one, which an index finds. */
  folded(path: AttributePath): string | undefined;
  list(path: AttributePath): List;
}

/** Of a list: where its elements come from, and the text of a sub-attribute of each; null for the value itself. */
export interface List {
  from: string;
  /** Which of them are the resource's. */
  where: string;
  element(sub: string | null): string;
}

/** Times as RFC 3339 has them, so that they are compared as text. */
const TIME = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

const key = ({ extension, attribute }: AttributePath) =>
  extension ? [extension.id, attribute.name] : [attribute.name];

const member = (document: string, names: readonly string[]) =>
  names.reduce((sofar, name) => `${sofar} -> ${literal(name)}`, document);

/** @param columns what of the resource has a column, or a table, of its own */
function expressions(
  table: string,
  type: ResourceType,
  id: string,
  columns: Readonly<Record<string, string>>,
  folded: string,
  lists: Readonly<Record<string, List>>,
): Expressions {
  const document = `${table}.document`;
  const own: Record<string, string> = {
    ...columns,
    id: `${id}::text`,
    externalId: `${table}.external_id`,
    'meta.resourceType': literal(type.name),
    'meta.created': TIME(`${table}.created_at`),
    'meta.lastModified': TIME(`${table}.updated_at`),
    'meta.location': `cast(:base as text) || ${literal(`${type.endpoint}/`)} || ${id}`,
    'meta.version': `'W/"' || ${table}.version || '"'`,
  };
  return {
    id,
    scalar(path) {
      const { extension, attribute, sub } = path;
      const name = sub ? `${attribute.name}.${sub.name}` : attribute.name;
      if (extension === null && Object.hasOwn(own, name)) return own[name]!;
      const names = sub ? [...key(path), sub.name] : key(path);
      return `(${member(document, names.slice(0, -1))} ->> ${literal(names.at(-1)!)})`;
    },
    folded: ({ extension, attribute }) =>
      extension === null && attribute.name === folded ? `${table}.folded_name` : undefined,
    list(path) {
      const { extension, attribute } = path;
      if (extension === null && attribute.name === 'schemas')
        return {
          from: `unnest(array[${literal(type.schema.id)}]${extensionsOf(type, document)}) as element`,
          where: 'true',
          element: () => 'element',
        };
      if (extension === null && Object.hasOwn(lists, attribute.name)) return lists[attribute.name]!;
      return {
        from: `jsonb_array_elements(${member(document, key(path))}) as element`,
        where: 'true',
        element: sub => `(element ->> ${literal(sub ?? 'value')})`,
      };
    },
  };
}

/** Those of which a document has something. */
function extensionsOf({ extensions }: ResourceType, document: string): string {
  if (extensions.length === 0) return '';
  const ids = extensions.map(({ id }) => literal(id)).join(', ');
  return ` || array(select key from jsonb_object_keys(${document}) as key where key in (${ids}))`;
}

const elements = (from: string, where: string, columns: Readonly<Record<string, string>>): List => ({
  from,
  where,
  element: (sub: string | null) => columns[sub ?? 'value']!,
});

/** Over `scim_users u`. */
export const userExpressions = (type: ResourceType) =>
  expressions(
    'u',
    type,
    'u.user_id',
    {
      userName: 'u.user_name',
      active: "(u.status = 'active')::text",
    },
    'userName',
    {
      groups: elements(
        'scim_group_members as gm join scim_groups as mg on mg.organization_id = gm.organization_id and mg.id = gm.group_id',
        'gm.organization_id = u.organization_id and gm.user_id = u.user_id',
        {
          value: 'mg.id::text',
          display: 'mg.display_name',
          type: "'direct'",
          $ref: "cast(:base as text) || '/Groups/' || mg.id",
        },
      ),
    },
  );

/** Over `scim_groups g`, which has no document: all that a group has are columns. */
export const groupExpressions = (type: ResourceType) =>
  expressions('g', type, 'g.id', { displayName: 'g.display_name' }, 'displayName', {
    members: groupMembers,
  });

/** Over `scim_group_members gm`, of a group `g`. */
export const groupMembers = elements(
  `scim_group_members as gm
     left join scim_users as mu on mu.organization_id = gm.organization_id and mu.user_id = gm.user_id
     left join scim_groups as mg on mg.organization_id = gm.organization_id and mg.id = gm.member_group_id`,
  'gm.organization_id = g.organization_id and gm.group_id = g.id',
  {
    value: 'coalesce(gm.user_id, gm.member_group_id)::text',
    display: "coalesce(mg.display_name, mu.document ->> 'displayName', mu.user_name)",
    type: "case when gm.user_id is null then 'Group' else 'User' end",
    $ref: "cast(:base as text) || case when gm.user_id is null then '/Groups/' else '/Users/' end || coalesce(gm.user_id, gm.member_group_id)",
  },
);
