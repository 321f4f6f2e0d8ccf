import { describe, expect, test } from 'vitest';
import { readPassword, splitUsername } from '../src/index.ts';

describe('a password', () => {
  const none = { difficulty: undefined, minimumDifficulty: undefined, fixed: false };
  test.each([
    ['x', none],
    ['', none],
    ['d=1024', { ...none, difficulty: 1024 }],
    ['d=1024,x', { ...none, difficulty: 1024 }],
    ['x,D=0.001', { ...none, difficulty: 0.001 }],
    ['d=.5', { ...none, difficulty: 0.5 }],
    ['d=64.', { ...none, difficulty: 64 }],
    ['d=.', none],
    ['md=512', { ...none, minimumDifficulty: 512 }],
    ['d=4096;md=64;fixed', { difficulty: 4096, minimumDifficulty: 64, fixed: true }],
    ['fixed', none],
    ['d=524288 x', { ...none, difficulty: 524_288 }],
    ['d=9.8e53', none],
    ['d=0', none],
    ['d=-5', none],
    ['d=NaN', none],
    ['d=0x10', none],
    ['d=Infinity,md=1', { ...none, minimumDifficulty: 1 }],
    ['id=5', none],
    ['d=1,d=2', { ...none, difficulty: 1 }],
  ])('%j asks for what it says and its noise for nothing', (password, fields) => {
    expect(readPassword(password)).toEqual(fields);
  });
});

describe('a user name', () => {
  test.each([
    ['account.worker', 'account', 'worker'],
    ['account_worker', 'account', 'worker'],
    ['my_account.rig_1', 'my_account', 'rig_1'],
    ['account.site.rig', 'account', 'site.rig'],
    ['bc1qexample', 'bc1qexample', ''],
    ['.worker', '', 'worker'],
    ['', '', ''],
    ['account%2Erig%201', 'account', 'rig 1'],
    ['100%25.a', '100%', 'a'],
    ['bad%ff.a', 'bad%ff', 'a'],
    ['50%', '50%', ''],
  ])('%j is an account and a worker', (username, account, worker) => {
    expect(splitUsername(username)).toEqual({ account, worker });
  });
});
