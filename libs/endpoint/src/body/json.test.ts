import { describe, expect, it } from 'vitest';
import { parseJson } from '../index.ts';

const parse = (text: string) => parseJson(Buffer.from(text));

describe('a JSON body', () => {
  it('is read as JSON.parse reads it', () => {
    const text = '{"a":[1,{"b":"x:y,{}"}],"c":{"a":null},"d":"\\"a\\":"}';
    expect(parse(text)).toEqual(JSON.parse(text));
  });
  it('is refused when an object holds a key twice, however it is written', () => {
    expect(() => parse('{"role":"Viewer","role":"Admin"}')).toThrow('twice');
    expect(() => parse('{"role":"Viewer","rol\\u0065":"Admin"}')).toThrow('twice');
    expect(() => parse('[{"a":{"b":1,"c":[],"b":2}}]')).toThrow('twice');
  });
  it('may hold the same key in two objects, and text that looks like a key', () => {
    expect(() => parse('[{"a":1},{"a":2},{"b":["a","a"],"a":"b"}]')).not.toThrow();
  });
  it('is refused when it is no JSON, no UTF-8, or nests without end', () => {
    expect(() => parse('{"a":')).toThrow('not valid JSON');
    expect(() => parseJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow('UTF-8');
    expect(() => parse('['.repeat(65) + ']'.repeat(65))).toThrow('nests');
  });
});
