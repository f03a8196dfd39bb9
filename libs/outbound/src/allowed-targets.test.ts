import { describe, expect, it } from 'vitest';
import { addressOf } from './address.ts';
import { isAllowed, parseAllowedTargets } from './allowed-targets.ts';
import { parseNameServers } from './resolve.ts';

describe('OUTBOUND_ALLOW', () => {
  const allowed = parseAllowedTargets(' 10.1.0.0/16, 192.168.0.7,fd00::/64, Idp.Corp.example. ,');
  const allows = (host: string, address: string) => isAllowed(allowed, host, addressOf(address));

  it('names networks, addresses and hosts', () => {
    expect(allows('a.example', '10.1.255.1')).toBe(true);
    expect(allows('a.example', '192.168.0.7')).toBe(true);
    expect(allows('a.example', 'fd00::1')).toBe(true);
    expect(allows('idp.corp.example', '172.16.0.1')).toBe(true);
    expect(allows('idp.corp.example.', '172.16.0.1')).toBe(true);
    expect(allows('a.example', '::ffff:10.1.0.1')).toBe(true);
  });

  it('names nothing else', () => {
    expect(allows('a.example', '10.2.0.1')).toBe(false);
    expect(allows('a.example', '192.168.0.8')).toBe(false);
    expect(allows('a.example', 'fd00:0:0:1::1')).toBe(false);
    expect(allows('a.idp.corp.example', '172.16.0.1')).toBe(false);
    expect(allows('a.example', '64:ff9b::10.1.0.1')).toBe(false);
  });

  it.each([
    '10.0.0.0/33',
    '10.0.0/8',
    '010.0.0.1',
    '2130706433',
    'fe80::1%eth0',
    '10.0.0.0/8/8',
    '*.example',
    'a.example:443',
    'https://a.example',
    'a b',
  ])('%s is refused', entry => {
    expect(() => parseAllowedTargets(`a.example,${entry}`)).toThrow(entry);
  });
});

describe('OUTBOUND_DNS', () => {
  it('names name servers', () => {
    expect(parseNameServers('10.0.0.53, [fd00::53]:5353')).toEqual(['10.0.0.53', '[fd00::53]:5353']);
    expect(() => parseNameServers('dns.example')).toThrow();
  });
});
