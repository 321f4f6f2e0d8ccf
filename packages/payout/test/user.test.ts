import { describe, expect, test } from 'vitest';
import { accountOf, parseUser } from '../src/index.ts';
import { addressOf, CHAIN, scripts } from './support.ts';

const SCRIPT = scripts.p2wpkh(7);
const ADDRESS = addressOf(SCRIPT);

describe('user_identity (§5.3.2)', () => {
  test.each([
    [ADDRESS, '', 0],
    [`${ADDRESS}.rig1`, 'rig1', 0],
    [`${ADDRESS}.rig.1`, 'rig.1', 0],
    [`${ADDRESS.toUpperCase()}.rig1`, 'rig1', 0],
    [`sri/solo/${ADDRESS}/rig1`, 'rig1', 0],
    [`sri/solo/${ADDRESS}`, '', 0],
    [`sri/donate/5/${ADDRESS}/rig1`, 'rig1', 5],
    [`sri/donate/99/${ADDRESS}`, '', 99],
  ])('%s names an address', (identity, worker, donation) => {
    expect(parseUser(identity, CHAIN)).toEqual({ kind: 'address', account: ADDRESS, script: SCRIPT, worker, donation });
  });

  test.each([
    ['alice', 'alice', ''],
    ['alice.rig1', 'alice', 'rig1'],
    ['sriracha.rig1', 'sriracha', 'rig1'],
    [`${ADDRESS.slice(0, -1)}q`, `${ADDRESS.slice(0, -1)}q`, ''],
    ['bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4', ''],
  ])('%s is a name on this chain', (identity, account, worker) => {
    expect(parseUser(identity, CHAIN)).toEqual({ kind: 'name', account, worker, donation: 0 });
  });

  test.each([
    ['', ''],
    ['.rig1', 'rig1'],
    ['sri/donate', ''],
    ['sri/donate/rig1', 'rig1'],
  ])('%j mines for the pool', (identity, worker) => {
    expect(parseUser(identity, CHAIN)).toEqual({ kind: 'donor', account: '', worker, donation: 0 });
  });

  test.each([
    'sri',
    'sri/',
    'sri/solo',
    'sri/solo/',
    'sri/solo/alice/rig1',
    `sri/solo/${ADDRESS}/rig1/more`,
    'sri/solo/bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4/rig1',
    'sri/donate/50',
    `sri/donate/0/${ADDRESS}/rig1`,
    `sri/donate/100/${ADDRESS}/rig1`,
    `sri/donate/05/${ADDRESS}/rig1`,
    `sri/donate/1.5/${ADDRESS}/rig1`,
    'sri/donate/5/alice/rig1',
    `sri/donate/5/${ADDRESS}/rig1/more`,
    `sri/pool/${ADDRESS}`,
  ])('%s is malformed', (identity) => {
    expect(parseUser(identity, CHAIN).kind).toBe('malformed');
    expect(accountOf(identity, CHAIN)).toEqual({ account: '', donation: 0 });
  });
});
