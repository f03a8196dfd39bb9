import { describe, expect, it } from 'vitest';
import { asyncapiDocument } from './asyncapi.ts';
import { catalogue } from './catalogue/index.ts';
import { topicOf } from './declaration.ts';

type Json = Record<string, unknown>;

/** Rules of the AsyncAPI 3.0.0 specification that a generator can break. */
const document = JSON.parse(JSON.stringify(asyncapiDocument())) as {
  asyncapi: string;
  info: { title: string; version: string };
  channels: Record<string, { address: string; messages: Record<string, { $ref: string }> }>;
  operations: Record<string, { action: string; channel: { $ref: string }; messages: { $ref: string }[] }>;
  components: { messages: Record<string, Json>; schemas: Record<string, Json> };
};

/** RFC 6901 */
function resolve(reference: string): unknown {
  const path = reference.slice(2).split('/');
  const unescaped = path.map(part => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  return unescaped.reduce((node: unknown, part) => (node as Json | undefined)?.[part], document);
}

function references(node: unknown): string[] {
  if (typeof node !== 'object' || node === null) return [];
  return Object.entries(node).flatMap(([name, value]) =>
    name === '$ref' ? [value as string] : references(value),
  );
}

describe('the AsyncAPI document', () => {
  it('has the root fields that version 3 asks for', () => {
    expect(document.asyncapi).toBe('3.0.0');
    expect(document.info).toMatchObject({ title: expect.any(String), version: expect.any(String) });
  });

  it('refers to nothing that is not there', () => {
    const all = references(document);
    expect(all.length).toBeGreaterThan(catalogue.length);
    for (const reference of all) expect(resolve(reference), reference).toBeDefined();
  });

  it('names components in the characters that the specification allows', () => {
    const names = [...Object.keys(document.components.messages), ...Object.keys(document.components.schemas)];
    for (const name of names) expect(name).toMatch(/^[\w.-]+$/);
  });

  it('has one channel for each topic, under its address, with every event of the catalogue', () => {
    const topics = [...new Set(catalogue.map(topicOf))];
    expect(Object.keys(document.channels).toSorted()).toEqual(topics.toSorted());
    for (const declaration of catalogue) {
      const channel = document.channels[topicOf(declaration)]!;
      expect(channel.address).toBe(topicOf(declaration));
      expect(channel.messages).toHaveProperty([declaration.type]);
    }
  });

  it('has operations whose messages are of their channel, not of the components', () => {
    for (const { action, channel, messages } of Object.values(document.operations)) {
      expect(['send', 'receive']).toContain(action);
      expect(messages.length).toBeGreaterThan(0);
      for (const { $ref } of messages) expect($ref.startsWith(`${channel.$ref}/messages/`)).toBe(true);
    }
  });

  it('describes the data of each event as an object with its required fields', () => {
    const schema = document.components.schemas['organization.member.removed'];
    expect(schema).toMatchObject({
      type: 'object',
      required: ['organization_id', 'user_id'],
      properties: { organization_id: { type: 'integer' }, user_id: { type: 'integer' } },
    });
  });
});
