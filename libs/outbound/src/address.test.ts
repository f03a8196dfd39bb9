import { describe, expect, it } from 'vitest';
import { addressOf, isPublic } from './address.ts';

describe('an address is refused that is', () => {
  it.each([
    ['this network', '0.0.0.0', '0.1.2.3'],
    ['private', '10.0.0.1', '10.255.255.255', '172.16.0.1', '172.31.255.255', '192.168.0.1'],
    ['shared by the customers of a provider', '100.64.0.1', '100.100.100.200', '100.127.255.255'],
    ['loopback', '127.0.0.1', '127.255.255.254', '::1'],
    ['link-local', '169.254.0.1', '169.254.169.254', 'fe80::1', 'fe80::a9fe:a9fe', 'febf::1'],
    ['reserved', '192.0.0.192', '192.88.99.1', '198.18.0.1', '198.19.255.255', '240.0.0.1'],
    ['documentation', '192.0.2.1', '198.51.100.1', '203.0.113.1', '2001:db8::1', '3fff::1'],
    ['multicast', '224.0.0.1', '239.255.255.255', 'ff02::1', 'ff0e::1'],
    ['broadcast', '255.255.255.255'],
    ['metadata of a cloud', '169.254.169.254', 'fd00:ec2::254', 'fd20:ce::254', '168.63.129.16'],
    ['unspecified', '::'],
    ['unique local', 'fc00::1', 'fdff::1'],
    ['site-local, of old', 'fec0::1'],
    ['IPv4, mapped', '::ffff:127.0.0.1', '::ffff:10.0.0.1', '::ffff:a9fe:a9fe'],
    ['IPv4, translated', '::ffff:0:8.8.8.8'],
    ['IPv4-compatible', '::127.0.0.1', '::808:808'],
    ['NAT64 of what is not public', '64:ff9b::127.0.0.1', '64:ff9b::10.0.0.1', '64:ff9b::a9fe:a9fe'],
    ['NAT64 of a network', '64:ff9b:1::8.8.8.8', '64:ff9b:1::1'],
    ['6to4', '2002:7f00:1::', '2002:a00:1::1', '2002:808:808::1'],
    ['Teredo', '2001::1', '2001:0:808:808::1'],
    ['for benchmarks, ORCHID or discarding', '2001:2::1', '2001:10::1', '2001:20::1', '100::1'],
    ['segment routing', '5f00::1'],
    ['assigned to nobody', '1::1', '4000::1', 'e000::1'],
  ])('%s', (_kind, ...addresses) => {
    for (const address of addresses) expect(isPublic(addressOf(address)), address).toBe(false);
  });
});

it('addresses of the internet are let through', () => {
  const addresses = ['8.8.8.8', '1.1.1.1', '172.32.0.1', '100.128.0.1', '198.20.0.1', '2606:4700::1111'];
  for (const address of [...addresses, '::ffff:8.8.8.8', '64:ff9b::8.8.8.8'])
    expect(isPublic(addressOf(address)), address).toBe(true);
});

it('an address of this machine is refused, also a public one, in each spelling', () => {
  for (const address of ['9.9.9.9', '::ffff:9.9.9.9', '64:ff9b::9.9.9.9', '2620:FE:0::fe'])
    expect(isPublic(addressOf(address), ['9.9.9.9', '2620:fe::fe']), address).toBe(false);
});
