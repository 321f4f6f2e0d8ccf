import { expect, test } from 'vitest';
import { readPayments } from '../../src/ledger/payment-list.ts';

const list = (...rows: readonly string[]) =>
  readPayments(['account,amount_satoshis', ...rows].join('\r\n'), 'list.csv');

test.each([
  ['alice,5', 'alice'],
  ['"alice",5', 'alice'],
  ['"a,b",5', 'a,b'],
  ['"""alice",5', '"alice'],
  ['"""alice""",5', '"alice"'],
  ['"al""ice",5', 'al"ice'],
  ["''=alice,5", "'=alice"],
  ["'=alice,5\r\n", '=alice'],
])('%s pays the account that the export means (RFC 4180)', (row, account) => {
  expect(list(row)).toEqual([{ account, amount: 5n }]);
});

test('an account that is named more than once is paid the sum; columns may be in any order', () => {
  expect(list('alice,5', '', 'bob,7', 'alice,1')).toEqual([
    { account: 'alice', amount: 6n },
    { account: 'bob', amount: 7n },
  ]);
  expect(readPayments('amount_satoshis,x,account\n5,,alice', '-')).toEqual([{ account: 'alice', amount: 5n }]);
});

test.each([
  ['al"ice,5', 'a quotation mark behind line 1'],
  ['"alice,5', 'a quotation mark behind line 1'],
  ['"alice"x,5', 'a quotation mark behind line 1'],
  ['alice,', 'line 2'],
  ['alice,0', 'line 2'],
  ['alice,1e3', 'line 2'],
  [',5', 'line 2'],
])('%s is no payment', (row, message) => {
  expect(() => list(row)).toThrow(message);
});
