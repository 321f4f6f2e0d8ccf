// Lines of Stratum V1 as miners and pools send them, sensible ones and all others.
import { type Random, utf8 } from '@sv2kit/codec';
import { bytes, integer, mutate } from './random.ts';

/** Bytes as V1 writes them. */
export const hexOf = (input: Uint8Array): string => Buffer.from(input).toString('hex');
const pick = <T>(random: Random, choices: readonly [T, ...T[]]): T =>
  choices[integer(random, choices.length)] ?? choices[0];
const word = (random: Random): string => hexOf(bytes(random, 4));

/** What jobs of these targets begin at, as it is written. */
const NTIME = '69568e7c';
const COINB1 = `0200000001${'00'.repeat(32)}ffffffff2c`;
const COINB2 = 'ffffffff0100f2052a01000000015100000000';
const MINER_METHODS = [
  'mining.extranonce.subscribe',
  'mining.multi_version',
  'mining.get_transactions',
  'mining.ping',
  'client.get_version',
  'pong',
] as const;
const POOL_METHODS = ['client.reconnect', 'client.get_version', 'ping', 'mining.unknown'] as const;

/** Any JSON, as text; now and then what only looks like some. */
function json(random: Random, depth = 3): string {
  const many = () => Array.from({ length: integer(random, 4) }, () => json(random, depth - 1));
  switch (integer(random, depth > 0 ? 12 : 9)) {
    case 0:
      return 'null';
    case 1:
      return random() < 0.5 ? 'true' : 'false';
    case 2:
      return String(integer(random, 300));
    case 3:
      return pick(random, ['-1', '1e400', '0.5', '1e-9', '18446744073709551615', '-0', '01', '1e9999', 'NaN']);
    case 4:
      return `"${hexOf(bytes(random, integer(random, 40)))}"`;
    case 5:
      return JSON.stringify(String.fromCharCode(...Array.from({ length: 6 }, () => integer(random, 0x10000))));
    case 6:
      return pick(random, ['""', '"__proto__"', '"alice.1"', '"d=8,md=1"', '"\\u0000"', '"\\ud800"', '"%n"', '"1.5"']);
    case 7:
      return `"${'x'.repeat(integer(random, 600))}"`;
    case 8:
      return `"${word(random)}"`;
    case 9:
      return `{${many()
        .map((each) => `${json(random, 0).startsWith('"') ? '"k"' : '"__proto__"'}:${each}`)
        .join(',')}}`;
    case 10:
      return '['.repeat(integer(random, 60)) + ']'.repeat(integer(random, 60));
    default:
      return `[${many().join(',')}]`;
  }
}

/** One side's lines, from nearly sensible to wild. */
class Writer {
  readonly #random: Random;
  /** How likely it is that any one thing is not as it should be. */
  readonly #wild: number;

  constructor(random: Random) {
    this.#random = random;
    this.#wild = 0.4 * random() ** 4;
  }

  /** @param jobs ids that the miner has heard of */
  miner(jobs: readonly string[], most: number): Uint8Array {
    return this.#joined(this.#some(most, () => this.#minerLine(jobs)));
  }

  pool(most: number): Uint8Array {
    const sizes = this.#odd() ? [integer(this.#random, 40), integer(this.#random, 40)] : [4, 6];
    const answers = [
      '{"id":1,"result":{"version-rolling":true,"version-rolling.mask":"1fffe000"},"error":null}',
      `{"id":2,"result":[[["mining.notify","s"]],"${hexOf(bytes(this.#random, sizes[0] ?? 4))}",${sizes[1]}],"error":null}`,
      '{"id":3,"result":true,"error":null}',
      '{"id":null,"method":"mining.set_difficulty","params":[1e-12]}',
      this.#notify('0'),
    ];
    return this.#joined([...answers.filter(() => !this.#odd()), ...this.#some(most, () => this.#poolLine())]);
  }

  #odd(): boolean {
    return this.#random() < this.#wild;
  }

  #some(most: number, make: () => string): string[] {
    return Array.from({ length: 1 + integer(this.#random, most) }, make);
  }

  #minerLine(jobs: readonly string[]): string {
    const random = this.#random;
    if (this.#odd()) return json(random, 6);
    if (random() < 0.7) return this.#submit(jobs);
    switch (integer(random, 6)) {
      case 0:
        return this.#request('mining.configure', ...configureParams(random));
      case 1:
        return this.#request('mining.subscribe', pick(random, ['"cgminer/4.11.1"', '"NerdMinerV2"', '""']), '"01"');
      case 2:
        return this.#request('mining.authorize', this.#user(), pick(random, ['"x"', '"d=64"', '"md=0.001,fixed"']));
      case 3:
        return this.#request('mining.suggest_difficulty', pick(random, ['1000', '1e-9', '0']));
      case 4:
        return this.#request('mining.suggest_target', pick(random, ['"ffff"', '""']));
      default:
        return this.#request(pick(random, MINER_METHODS), '1');
    }
  }

  #submit(jobs: readonly string[]): string {
    const random = this.#random;
    const job = this.#odd() ? String(integer(random, 9)) : (jobs[integer(random, jobs.length)] ?? '1');
    const extranonce2 = hexOf(bytes(random, this.#odd() ? integer(random, 40) : 4));
    const ntime = this.#odd() ? word(random) : NTIME;
    const share = [this.#user(), ...[job, extranonce2, ntime, word(random)].map((text) => `"${text}"`)];
    const bits = random() < 0.6 ? [`"${this.#odd() ? word(random) : '00002000'}"`] : [];
    return this.#request('mining.submit', ...share, ...bits);
  }

  #user(): string {
    return this.#odd() ? pick(this.#random, ['"alice.2"', '"alice"', '""']) : '"alice.1"';
  }

  #poolLine(): string {
    const random = this.#random;
    if (this.#odd()) return json(random, 6);
    if (random() < 0.5) return this.#notify(String(integer(random, 6)));
    const number = 3 + integer(random, 8);
    switch (integer(random, 6)) {
      case 0:
        return `{"id":${number},"result":${json(random)},"error":${random() < 0.7 ? 'null' : json(random)}}`;
      case 1:
        return this.#request('mining.set_difficulty', pick(random, ['1', '0.001', '1e-12', '65536', '"12"']));
      case 2:
        return this.#request('mining.set_extranonce', `"${hexOf(bytes(random, integer(random, 10)))}"`, `${number}`);
      case 3:
        return this.#request('mining.set_version_mask', `"${pick(random, ['1fffe000', '00000000', word(random)])}"`);
      case 4:
        return this.#request('client.show_message', '"hello"');
      default:
        return this.#request(pick(random, POOL_METHODS));
    }
  }

  /** mining.notify, for the most part of a job that can be worked on. */
  #notify(job: string): string {
    const random = this.#random;
    const height = this.#odd() ? hexOf(bytes(random, integer(random, 8))) : '03000c35';
    const branches = Array.from({ length: integer(random, 4) }, () => `"${hexOf(bytes(random, 32))}"`);
    const nbits = this.#odd() ? pick(random, ['207fffff', word(random)]) : '1703a30c';
    const texts = [job, pick(random, ['ab', 'cd']).repeat(32), `${COINB1}${height}`, COINB2];
    return this.#request(
      'mining.notify',
      ...texts.map((text) => `"${text}"`),
      `[${branches.join(',')}]`,
      `"${this.#odd() ? word(random) : '20000000'}"`,
      `"${nbits}"`,
      `"${this.#odd() ? word(random) : NTIME}"`,
      random() < 0.3 ? 'true' : 'false',
    );
  }

  #request(method: string, ...params: readonly string[]): string {
    const random = this.#random;
    const given = params.map((each) => (this.#odd() ? json(random) : each));
    if (this.#odd()) given.splice(integer(random, given.length + 1), 1);
    if (this.#odd()) given.push(json(random));
    const id = random() < 0.8 ? String(integer(random, 8)) : json(random, 1);
    const fields = [`"id":${id}`, `"method":"${method}"`, `"params":[${given.join(',')}]`];
    if (this.#odd()) fields.splice(integer(random, 3), 1);
    if (this.#odd()) fields.push(`"${pick(random, ['id', 'method', 'params', 'jsonrpc', 'result'])}":${json(random)}`);
    return `{${fields.join(',')}}`;
  }

  /** Lines with their ends, some of them damaged. */
  #joined(lines: readonly string[]): Uint8Array {
    const random = this.#random;
    const parts = lines.map((line) => {
      const end = this.#odd() ? pick(random, ['\r\n', '\n\n', '', '\0\n', ' \n']) : '\n';
      const padding = this.#odd() && this.#odd() ? ' '.repeat(integer(random, 40_000)) : '';
      const whole = utf8(line + padding + end);
      return this.#odd() ? mutate(random, whole) : whole;
    });
    return new Uint8Array(Buffer.concat(parts));
  }
}

function configureParams(random: Random): readonly string[] {
  const values = `"version-rolling.mask":"${word(random)}","version-rolling.min-bit-count":2`;
  return [
    '["version-rolling","minimum-difficulty","subscribe-extranonce","info"]',
    `{${values},"minimum-difficulty.value":${json(random, 0)}}`,
  ];
}

/** What a miner may send behind its introduction. @param jobs ids that it has heard of */
export function minerStream(random: Random, jobs: readonly string[], most = 12): Uint8Array {
  return new Writer(random).miner(jobs, most);
}

/** What a pool may send, answers to everything that a client asks at first among it. */
export function poolStream(random: Random, most = 12): Uint8Array {
  return new Writer(random).pool(most);
}

/** A miner's introduction, in order. */
export const MINER_OPENING: string =
  '{"id":1,"method":"mining.configure","params":[["version-rolling"],{"version-rolling.mask":"1fffe000"}]}\n' +
  '{"id":2,"method":"mining.subscribe","params":["fuzz/1"]}\n' +
  '{"id":3,"method":"mining.authorize","params":["alice.1","x"]}\n';
