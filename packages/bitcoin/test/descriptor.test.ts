import { describe, expect, test } from 'vitest';
import { descriptorChecksum, type Network, scriptFromDescriptor } from '../src/index.ts';

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
/** The generator point: the public key of the secret 1. */
const KEY = '0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798';
const X_ONLY = KEY.slice(2);
const HASH = '751e76e8199196d454941c45d1b3a323f1433bd6';
const BIP386_KEY = 'a34b99f22c790c4e36b2b3c2c35a36db06226e41c692fc82b8b56ac1c540c5bd';

describe('descriptors that stand for one script', () => {
  test.each<[string, Network, string]>([
    [`wpkh(${KEY})`, 'mainnet', `0014${HASH}`],
    [`pkh(${KEY})`, 'mainnet', `76a914${HASH}88ac`],
    [`sh(wpkh(${KEY}))`, 'mainnet', 'a914bcfeb728b584253d5f3f70bcb780e9ef218a68f487'],
    [`tr(${BIP386_KEY})`, 'mainnet', '512077aab6e066f8a7419c5ab714c12c67d25007ed55a43cadcacb4d7a970a093f11'],
    [`tr(02${BIP386_KEY})`, 'mainnet', '512077aab6e066f8a7419c5ab714c12c67d25007ed55a43cadcacb4d7a970a093f11'],
    [`tr(${X_ONLY})`, 'mainnet', '5120da4710964f7852695de2da025290e24af6d8c281de5a0b902b7135fd9fd74d21'],
    [`wpkh([d34db33f/84'/0h/0]${KEY})`, 'regtest', `0014${HASH}`],
    ['addr(bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080)', 'regtest', `0014${HASH}`],
    ['raw(51)', 'signet', '51'],
    ['raw(deadbeef)#89f8spxm', 'mainnet', 'deadbeef'],
  ])('%s', (descriptor, network, script) => {
    expect(hex(scriptFromDescriptor(descriptor, network))).toBe(script);
  });
});

describe('descriptors that are refused', () => {
  test.each<[string, string]>([
    ['raw(deadbeef)#89f8spxn', "its checksum is wrong: 'raw(deadbeef)#89f8spxm' would be consistent"],
    ['raw(deadbeef)#', 'checksum is wrong'],
    ['raw(deadbee)', 'even number of hex digits'],
    ['raw()', 'even number of hex digits'],
    ['raw(Ü)', 'a character that no descriptor has'],
    ['', 'its form is none of addr(), pkh()'],
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'its form is none of'],
    [`multi(1,${KEY})`, 'its form is none of'],
    [`sh(pkh(${KEY}))`, 'inside sh() only wpkh(KEY)'],
    [`wpkh(${'00'.repeat(33)})`, 'not a point of the curve'],
    [`wpkh(04${'11'.repeat(64)})`, 'not a point of the curve'],
    [`tr(${'ff'.repeat(32)})`, 'not a point of the curve'],
    [`tr(${'11'.repeat(20)})`, '32 or 33 bytes'],
    [`tr(${X_ONLY},pk(${X_ONLY}))`, 'script trees'],
    ['wpkh(xpub6CUGRUonZSQ4TWtTMmzXdrXDtypWKiKp/0/1)', 'extended keys (xpub) are not supported'],
    ['wpkh(L4rK1yDtCWekvXuE6oXD9jCYfFNV2cWRpVuPLBcCU2z8TrisoyY1)', 'not a public key in hex'],
    ['addr(bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5)', 'no mainnet address'],
  ])('%s', (descriptor, problem) => {
    expect(() => scriptFromDescriptor(descriptor, 'mainnet')).toThrow(problem);
  });
  test('an uncompressed key is right for pkh and wrong for wpkh', () => {
    const uncompressed = `04${X_ONLY}483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8`;
    expect(hex(scriptFromDescriptor(`pkh(${uncompressed})`, 'mainnet'))).toBe(
      '76a91491b24bf9f5288532960ac687abb035127b1d28a588ac',
    );
    expect(() => scriptFromDescriptor(`wpkh(${uncompressed})`, 'mainnet')).toThrow('compressed');
  });
});

test("the checksum is BIP380's", () => {
  expect(descriptorChecksum('raw(deadbeef)')).toBe('89f8spxm');
  expect(descriptorChecksum('raw(Ü)')).toBeUndefined();
});
