import { describe, expect, test } from 'vitest';
import { addressFromScript, type Network, scriptFromAddress } from '../src/index.ts';

const hex = (bytes: Uint8Array) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const NETWORKS: Network[] = ['mainnet', 'testnet', 'testnet4', 'signet', 'regtest'];

describe('valid addresses (BIP173, BIP350 and Core vectors)', () => {
  const PROGRAM = '751e76e8199196d454941c45d1b3a323f1433bd6';
  test.each<[Network, string, string]>([
    ['mainnet', 'BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4', `0014${PROGRAM}`],
    [
      'testnet',
      'tb1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3q0sl5k7',
      '00201863143c14c5166804bd19203356da136c985678cd4d27a1b8c6329604903262',
    ],
    [
      'mainnet',
      'bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y',
      '5128751e76e8199196d454941c45d1b3a323f1433bd6751e76e8199196d454941c45d1b3a323f1433bd6',
    ],
    ['mainnet', 'BC1SW50QGDZ25J', '6002751e'],
    ['mainnet', 'bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs', '5210751e76e8199196d454941c45d1b3a323'],
    [
      'signet',
      'tb1qqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesrxh6hy',
      '0020000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433',
    ],
    [
      'testnet4',
      'tb1pqqqqp399et2xygdj5xreqhjjvcmzhxw4aywxecjdzew6hylgvsesf3hn0c',
      '5120000000c4a5cad46221b2a187905e5266362b99d5e91c6ce24d165dab93e86433',
    ],
    [
      'mainnet',
      'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0',
      '512079be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798',
    ],
    ['mainnet', '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2', '76a91477bff20c60e522dfaa3350c39b030a5d004e839a88ac'],
    ['mainnet', '3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy', 'a914b472a266d0bd89c13706a4132ccfb16f7c3b9fcb87'],
    ['regtest', 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080', `0014${PROGRAM}`],
  ])('%s %s', (network, address, script) => {
    expect(hex(scriptFromAddress(address, network))).toBe(script);
    const back = addressFromScript(scriptFromAddress(address, network), network);
    expect(back).toBe(/^bc1|^tb1/i.test(address) ? address.toLowerCase() : address);
  });
});

describe('invalid addresses (BIP350 vectors)', () => {
  test.each<[Network, string, string]>([
    ['mainnet', 'tc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq5zuyut', "prefix is 'tc'"],
    ['mainnet', 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd', 'neither'],
    ['testnet', 'tb1z0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqglt7rf', 'neither'],
    ['mainnet', 'BC1S0XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ54WELL', 'neither'],
    ['mainnet', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh', 'neither'],
    ['testnet', 'tb1q0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq24jc47', 'neither'],
    ['mainnet', 'bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4', 'neither'],
    ['mainnet', 'BC130XLXVLHEMJA6C4DQV22UAPCTQUPFHLXM9H8Z3K2E72Q4K9HCZ7VQ7ZWS8R', 'version 17'],
    ['mainnet', 'bc1pw5dgrnzv', '1 bytes'],
    ['mainnet', 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav', '41 bytes'],
    ['mainnet', 'BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P', '16 bytes'],
    ['testnet', 'tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vq47Zagq', 'neither'],
    ['mainnet', 'bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf', 'neither'],
    ['testnet', 'tb1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vpggkg4j', 'neither'],
    ['mainnet', 'bc1gmk9yu', 'neither'],
    ['mainnet', '', 'neither'],
    ['mainnet', '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN3', 'neither'],
    ['testnet', '1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2', 'version byte 0 belongs to another network'],
    ['regtest', 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx', "prefix is 'tb', regtest uses 'bcrt'"],
  ])('%s %s', (network, address, problem) => {
    expect(() => scriptFromAddress(address, network)).toThrow(problem);
  });
});

test('every refusal shows an address that is right for the network', () => {
  for (const network of NETWORKS) {
    let message = '';
    try {
      scriptFromAddress('nonsense', network);
    } catch (error) {
      message = String(error);
    }
    const [, example = ''] = /'(\w+)' would be one/.exec(message) ?? [];
    expect(() => scriptFromAddress(example, network)).not.toThrow();
  }
});

test('a script that no address stands for has none', () => {
  for (const script of ['', '51', '6a0100', '0013', `0015${'00'.repeat(21)}`, `76a914${'00'.repeat(20)}88ad`]) {
    const bytes = Uint8Array.from(script.match(/../g) ?? [], (pair) => Number(`0x${pair}`));
    expect(addressFromScript(bytes, 'mainnet')).toBeUndefined();
  }
});
