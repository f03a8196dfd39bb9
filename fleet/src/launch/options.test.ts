import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { BadOption, readOptions } from './options.ts';
import { clone } from './roster.ts';

describe('the options of npm start', () => {
  it('are port 8080 and .fleet in the clone when nothing is said', () => {
    expect(readOptions([])).toEqual({
      port: 8080,
      dataDirectory: resolve(clone, '.fleet'),
      reset: false,
    });
  });

  it('are read as given', () => {
    const options = readOptions(['--port', '9000', '--data-dir', '/srv/rivergate', '--reset']);
    expect(options).toEqual({ port: 9000, dataDirectory: '/srv/rivergate', reset: true });
  });

  it.each([
    [['--port', 'http']],
    [['--port', '70000']],
    [['--port', '-1']],
    [['--prot', '80']],
    [['now']],
    [['--data-dir=']],
  ])('are refused as %j', args => {
    expect(() => readOptions(args)).toThrow(BadOption);
  });
});
