import { z } from 'zod';
import { catalogue } from './catalogue/index.ts';
import { dataSchemaOf, type EventDeclaration, serviceOf, topicOf } from './declaration.ts';

type Json = Record<string, unknown>;

const reference = (...path: string[]) => ({ $ref: `#/${path.join('/')}` });

/** The envelope without `data`, `type` and `dataschema`, which each event narrows. */
const ENVELOPE = {
  type: 'object',
  description: 'CloudEvents 1.0, JSON format',
  required: [
    'specversion',
    'id',
    'source',
    'type',
    'subject',
    'time',
    'datacontenttype',
    'dataschema',
    'actor',
    'data',
  ],
  properties: {
    specversion: { const: '1.0' },
    id: { type: 'string', format: 'uuid' },
    source: { type: 'string', format: 'uri-reference' },
    type: { type: 'string' },
    subject: { type: 'string', description: 'Id of the aggregate; the key of the message' },
    time: { type: 'string', format: 'date-time' },
    datacontenttype: { const: 'application/json' },
    dataschema: { type: 'string', format: 'uri' },
    organizationid: {
      type: 'string',
      description: 'Decimal id of the organization that the fact belongs to',
    },
    actor: { type: 'string', description: "A user's decimal id, service:<name>, or anonymous" },
    impersonator: { type: 'string', description: "Decimal id of who acted in the actor's name" },
    actorip: {
      type: 'string',
      description: 'Network address of the actor, for audit logs; not for the world outside the fleet',
    },
    actoragent: {
      type: 'string',
      description: 'User agent of the actor, for audit logs; not for the world outside the fleet',
    },
    traceparent: { type: 'string', description: 'W3C Trace Context' },
    requestid: { type: 'string' },
    replayfor: { type: 'string', description: 'The only consumer group that handles a replayed event' },
    data: { type: 'object' },
  },
};

function dataSchema({ data }: EventDeclaration): Json {
  const { $schema: _dialect, ...schema } = z.toJSONSchema(data, { io: 'output' });
  return schema;
}

function message(declaration: EventDeclaration): Json {
  const { type, version, summary, audit } = declaration;
  return {
    name: type,
    title: type,
    summary,
    description: `Version ${version}. In the audit log as ${audit}.`,
    contentType: 'application/cloudevents+json',
    payload: {
      allOf: [
        reference('components', 'schemas', 'CloudEvent'),
        {
          type: 'object',
          properties: {
            type: { const: type },
            source: { const: `/rivergate/${serviceOf(declaration)}` },
            dataschema: { const: dataSchemaOf(declaration) },
            data: reference('components', 'schemas', type),
          },
        },
      ],
    },
    bindings: { kafka: { key: { type: 'string' }, bindingVersion: '0.5.0' } },
  };
}

/** The AsyncAPI 3 document of every declared event: a channel for each topic, whose service sends to it. */
export function asyncapiDocument(events: readonly EventDeclaration[] = catalogue): Json {
  const topics = Object.entries(Object.groupBy(events, topicOf)) as [string, EventDeclaration[]][];
  const mapped = <Value>(
    list: readonly EventDeclaration[],
    value: (declaration: EventDeclaration) => Value,
  ) => Object.fromEntries(list.map(declaration => [declaration.type, value(declaration)]));
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Rivergate events',
      version: '1.0.0',
      description:
        'Facts that the services record. Order is kept for each key; an event may come more than once.',
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/cloudevents+json',
    channels: Object.fromEntries(
      topics.map(([topic, declared]) => [
        topic,
        {
          address: topic,
          messages: mapped(declared, ({ type }) => reference('components', 'messages', type)),
        },
      ]),
    ),
    operations: Object.fromEntries(
      topics.map(([topic, declared]) => [
        `send.${topic}`,
        {
          action: 'send',
          channel: reference('channels', topic),
          summary: `What the ${serviceOf(declared[0]!)} service publishes`,
          messages: declared.map(({ type }) => reference('channels', topic, 'messages', type)),
        },
      ]),
    ),
    components: {
      messages: mapped(events, message),
      schemas: { CloudEvent: ENVELOPE, ...mapped(events, dataSchema) },
    },
  };
}
