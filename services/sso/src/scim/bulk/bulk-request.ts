import { InvalidSyntax, InvalidValue } from '../protocol/errors.ts';
import { MOST_OPERATIONS } from '../protocol/patch.ts';
import { isObject } from '../protocol/value.ts';
import { TooLarge } from './errors.ts';

export const BULK_REQUEST = 'urn:ietf:params:scim:api:messages:2.0:BulkRequest';

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE'] as const;
export type BulkMethod = (typeof METHODS)[number];

/** An operation of a bulk (RFC 7644, section 3.7). */
export interface BulkOperation {
  method: BulkMethod;
  resource: 'Users' | 'Groups';
  /** As it stands in the path, maybe `bulkId:…`; empty where one is made. */
  id: string;
  bulkId: string | undefined;
  version: string | undefined;
  data: Readonly<Record<string, unknown>>;
}

export interface BulkRequest {
  /** Failures after which nothing more is done. */
  failOnErrors: number;
  operations: readonly BulkOperation[];
}

/** @throws InvalidSyntax, InvalidValue, TooLarge */
export function readBulk(body: Readonly<Record<string, unknown>>): BulkRequest {
  const { schemas, failOnErrors, Operations: given } = body;
  if (!Array.isArray(schemas) || !schemas.includes(BULK_REQUEST))
    throw InvalidSyntax(`schemas has to name ${BULK_REQUEST}`);
  if (!Array.isArray(given)) throw InvalidSyntax('Operations has to be a list');
  if (given.length > MOST_OPERATIONS) throw TooLarge();
  if (failOnErrors !== undefined && !(Number.isSafeInteger(failOnErrors) && Number(failOnErrors) > 0))
    throw InvalidValue('failOnErrors is a number of failures');
  const operations = given.map(readOperation);
  const ids = operations.map(({ bulkId }) => bulkId).filter(id => id !== undefined);
  if (new Set(ids).size < ids.length) throw InvalidValue('Each bulkId names one operation');
  return { failOnErrors: Number(failOnErrors ?? Number.POSITIVE_INFINITY), operations };
}

function readOperation(given: unknown): BulkOperation {
  if (!isObject(given)) throw InvalidSyntax('An operation is an object');
  const { path, bulkId, version, data = {} } = given;
  const method = METHODS.find(known => known === String(given.method).toUpperCase());
  if (!method) throw InvalidSyntax('method is POST, PUT, PATCH or DELETE');
  const [, resource, id] = /^\/(Users|Groups)(?:\/([^/?#]{1,200}))?$/.exec(String(path)) ?? [];
  if (resource === undefined || (id === undefined) !== (method === 'POST'))
    throw InvalidValue(`There is no ${method} at ${String(path).slice(0, 200)}`);
  if (bulkId !== undefined && (typeof bulkId !== 'string' || !/^[\w.~-]{1,100}$/.test(bulkId)))
    throw InvalidValue('A bulkId is a short text');
  if (method === 'POST' && bulkId === undefined) throw InvalidValue('What is made needs a bulkId');
  if (!isObject(data)) throw InvalidSyntax('data is an object');
  return {
    method,
    resource: resource as 'Users' | 'Groups',
    id: id ?? '',
    bulkId: bulkId as string | undefined,
    version: typeof version === 'string' ? version : undefined,
    data,
  };
}
