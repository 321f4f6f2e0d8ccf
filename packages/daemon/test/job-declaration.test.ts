import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { scriptFromAddress } from '@sv2kit/bitcoin';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  checkCoinbase,
  coinbaseFields,
  coinbaseScript,
  ConfigError,
  config,
  jobDeclarationFields,
  parseConfig,
  section,
  tokenKey,
} from '../src/index.ts';

let folder: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'sv2kit-token-key-'));
  file = join(folder, 'job-tokens.key');
});

function refusal(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof ConfigError) return error.message;
    throw error;
  }
  return 'was not refused';
}

describe("the key of a job declarator's tokens (§6.4.5)", () => {
  test('is made where there is none, for its owner alone, and is the same from then on', () => {
    const made = tokenKey(file);
    expect(made).toHaveLength(32);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(tokenKey(file)).toEqual(made);
    expect(readdirSync(folder)).toEqual(['job-tokens.key']);
  });

  test('is the one of whoever made it first, when pool and declarator are started at the same time', () => {
    let first: Uint8Array | undefined;
    const late = tokenKey(file, {
      random: (size) => {
        first = tokenKey(file);
        return new Uint8Array(size).fill(9);
      },
    });
    // the other one's draft is gone as well
    expect([late, readdirSync(folder)]).toEqual([first, ['job-tokens.key']]);
  });

  test('may have comments and capital digits', () => {
    writeFileSync(file, `# ours\n\njob-token-key ${'AB'.repeat(32)}\n`, { mode: 0o600 });
    expect(tokenKey(file)).toEqual(new Uint8Array(32).fill(0xab));
  });

  test.each([
    {
      name: 'that is too short',
      text: 'job-token-key abcd',
      wrong: 'its job-token-key is 4 hexadecimal digits long, not 64',
    },
    {
      name: 'of another kind',
      text: `static-secret ${'00'.repeat(32)}`,
      wrong: 'does not hold one line that begins with job-token-key',
    },
    { name: 'that is empty', text: '', wrong: 'does not hold one line that begins with job-token-key' },
    {
      name: 'with two keys',
      text: `job-token-key ${'00'.repeat(32)}\njob-token-key ${'01'.repeat(32)}`,
      wrong: 'does not hold one line',
    },
  ])('a file $name is refused in one sentence, and is not written to', ({ text, wrong }) => {
    writeFileSync(file, text, { mode: 0o600 });
    const said = refusal(() => tokenKey(file));
    expect(said).toContain(`job_declaration.token_key_file: ${file}: ${wrong}`);
    expect(said.split('\n')).toHaveLength(1);
    expect(readFileSync(file, 'utf8')).toBe(text);
  });

  test('a file that others may read is refused, for they could declare jobs with it', () => {
    tokenKey(file);
    chmodSync(file, 0o640);
    expect(refusal(() => tokenKey(file))).toBe(
      `job_declaration.token_key_file: ${file}: may be read by others, who could declare jobs with it: chmod 600 it, or delete it`,
    );
  });

  test('a folder that is not there, and a folder in its place, are one sentence each', () => {
    const nowhere = join(folder, 'missing', 'job-tokens.key');
    expect(refusal(() => tokenKey(nowhere, { key: 'token_key_file' }))).toBe(
      `token_key_file: ${nowhere}: cannot be made: there is no such file or folder`,
    );
    mkdirSync(file);
    expect(refusal(() => tokenKey(file))).toMatch(/^job_declaration\.token_key_file: .*job-tokens\.key: /);
  });
});

describe('what pool and job declarator configure alike', () => {
  const declared = config({
    coinbase: section('Payout.', coinbaseFields),
    jobDeclaration: section('Job declaration.', jobDeclarationFields),
  });
  const read = (toml: string) => parseConfig(declared, toml, { name: 'x' });

  test('job declaration is off until a key file is named, and wants half of the revenue', () => {
    expect(read('').jobDeclaration).toEqual({ tokenKeyFile: undefined, leastPayoutShare: 0.5, requiredOutputs: [] });
  });

  test('required outputs are scripts in hexadecimal', () => {
    expect(read('[job_declaration]\nrequired_outputs = ["6a01FF"]').jobDeclaration.requiredOutputs).toEqual([
      Uint8Array.of(0x6a, 1, 0xff),
    ]);
    for (const wrong of ['6a0', 'OP_RETURN', '']) {
      expect(refusal(() => read(`[job_declaration]\nrequired_outputs = ["${wrong}"]`))).toContain(
        'at [0]: is not an even number of hexadecimal digits',
      );
    }
  });

  test('an address or a descriptor says where the coinbase pays; both or neither is a mistake', () => {
    const address = 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080';
    const paid = { address, descriptor: undefined };
    expect(checkCoinbase(paid, 'regtest')).toEqual([]);
    expect(coinbaseScript(paid, 'regtest')).toEqual(scriptFromAddress(address, 'regtest'));
    expect(coinbaseScript({ address: undefined, descriptor: 'raw(51)' }, 'regtest')).toEqual(Uint8Array.of(0x51));
    expect(checkCoinbase({ address, descriptor: 'raw(51)' }, 'regtest')).toMatchObject([{ key: 'coinbase' }]);
    expect(checkCoinbase({ address: undefined, descriptor: undefined }, 'regtest')).toMatchObject([
      { key: 'coinbase', example: `address = "${address}"` },
    ]);
    expect(checkCoinbase(paid, 'mainnet')).toMatchObject([{ key: 'coinbase.address' }]);
  });
});
