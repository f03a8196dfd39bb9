import { describe, expect, it } from 'vitest';
import { canonicalAddress, canonicalNetwork, countedAddress, countedNetwork, isLoopback } from './address.ts';

describe('an address', () => {
  it.each([
    ['2001:db8::1', '2001:DB8:0:0:0:0:0:1', '2001:0db8:0000:0000:0000:0000:0000:0001', '2001:db8::1%eth0'],
    [
      '198.51.100.7',
      '::ffff:198.51.100.7',
      '::ffff:c633:6407',
      '::FFFF:C633:6407',
      '0:0:0:0:0:ffff:c633:6407',
    ],
    ['::1', '0:0:0:0:0:0:0:1'],
  ])('%s has one spelling', (canonical, ...spellings) => {
    for (const spelling of [canonical, ...spellings]) {
      expect([spelling, canonicalAddress(spelling)]).toEqual([spelling, canonical]);
      expect(countedAddress(spelling)).toBe(countedAddress(canonical));
    }
  });

  it.each(['', 'nonsense', '1.2.3', '01.2.3.4', '1.2.3.4:80', '[::1]', '0x7f.1', '2001:db8::/64'])(
    'is not %j, which counts with everything else that is none',
    text => {
      expect(canonicalAddress(text)).toBeNull();
      expect([countedAddress(text), countedNetwork(text), isLoopback(text)]).toEqual([
        'unknown',
        'unknown',
        false,
      ]);
    },
  );

  it('counts as itself in IPv4, and as its /64 in IPv6', () => {
    expect(countedAddress('198.51.100.7')).toBe('198.51.100.7');
    expect(countedAddress('2001:db8:1:2:a:b:c:d')).toBe('2001:db8:1:2::/64');
    expect(countedAddress('2001:db8:1:3::')).not.toBe(countedAddress('2001:db8:1:2::'));
  });

  it.each([
    ['NAT64', '64:ff9b::198.51.100.7', '64:FF9B:0:0:0:0:c633:6407'],
    ['6to4', '2002:c633:6407::1', '2002:C633:6407:ffff::1'],
  ])('that carries an IPv4 address (%s) counts as that', (_, ...spellings) => {
    for (const spelling of spellings) expect(countedAddress(spelling)).toBe('198.51.100.7');
    expect(countedNetwork(spellings[0]!)).toBe('198.51.100.0/24');
  });

  it('belongs to the network of its /24 or /48', () => {
    expect(countedNetwork('198.51.100.7')).toBe('198.51.100.0/24');
    expect(countedNetwork('::ffff:198.51.100.9')).toBe('198.51.100.0/24');
    expect(countedNetwork('2001:db8:1:ffff::1')).toBe('2001:db8:1::/48');
  });

  it.each([
    ['127.0.0.1', true],
    ['127.9.9.9', true],
    ['::1', true],
    ['::ffff:127.0.0.1', true],
    ['::ffff:7f00:1', true],
    ['0.0.0.0', false],
    ['::', false],
    ['10.0.0.1', false],
    ['localhost', false],
  ])('%s is this machine: %s', (ip, loopback) => {
    expect(isLoopback(ip)).toBe(loopback);
  });
});

describe('a network', () => {
  it.each([
    ['198.51.100.0/24', '198.51.100.0/24'],
    ['198.51.100.7', '198.51.100.7/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8:0::/32', '2001:db8::/32'],
    ['2001:db8::1', '2001:db8::1/128'],
    ['::/0', '::/0'],
    ['::ffff:198.51.100.0/120', '198.51.100.0/24'],
    ['::ffff:0:0/96', '0.0.0.0/0'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalNetwork(text)).toBe(canonical);
  });

  it.each([
    '',
    'office',
    '198.51.100.7/24',
    '2001:db8::1/32',
    '198.051.100.0/24',
    '0x7f.0.0.0/8',
    '127.1/8',
    '198.51.100.0/33',
    '2001:db8::/129',
    '198.51.100.0/024',
    '198.51.100.0/-1',
    '198.51.100.0/1e1',
    '198.51.100.0/',
    '198.51.100.0/24/24',
    '198.51.100.0/255.255.255.0',
    '198.51.100.0 /24',
    'fe80::%eth0/64',
    '::ffff:198.51.100.0/24',
    '[2001:db8::]/32',
  ])('is not %j', text => {
    expect(canonicalNetwork(text)).toBeNull();
  });
});
