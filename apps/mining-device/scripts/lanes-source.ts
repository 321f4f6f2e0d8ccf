// biome-ignore format: the table reads better eight to a line
export const ROUND_CONSTANTS = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];

const INITIAL_STATE = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];

/** A sum modulo 2^32 of what is known when this file runs, once per header, and per nonce. */
interface Word {
  readonly constant: number;
  /** AssemblyScript expressions of type u32, the same for every nonce. */
  readonly scalars: readonly string[];
  /** AssemblyScript expressions of type v128, a nonce in each lane. */
  readonly lanes: readonly string[];
}

const constant = (value: number): Word => ({ constant: value >>> 0, scalars: [], lanes: [] });
const scalar = (name: string): Word => ({ constant: 0, scalars: [name], lanes: [] });
const lanes = (name: string): Word => ({ constant: 0, scalars: [], lanes: [name] });
const add = (...words: readonly Word[]): Word => ({
  constant: words.reduce((sum, word) => (sum + word.constant) >>> 0, 0),
  scalars: words.flatMap((word) => word.scalars),
  lanes: words.flatMap((word) => word.lanes),
});

type Registers = readonly [Word, Word, Word, Word, Word, Word, Word, Word];

/** Writes the two functions that hash four nonces at once, folding all that does not depend on the nonce. */
class Emitter {
  readonly perHeader: string[] = [];
  readonly perNonce: string[] = [];
  readonly #slots = new Map<string, number>();

  get slots(): number {
    return this.#slots.size;
  }

  /** The word as one v128 expression; what is the same for every nonce comes splatted from memory. */
  vector(word: Word): string {
    if (word.constant === 0 && word.scalars.length === 0) return sum(word.lanes);
    return sum([this.#slot(word), ...word.lanes]);
  }

  /** Names the word's value, so that it is computed once. */
  named(name: string, word: Word): Word {
    if (word.lanes.length > 0) {
      this.perNonce.push(`const ${name} = ${this.vector(word)};`);
      return lanes(name);
    }
    if (word.scalars.length === 0) return word;
    this.perHeader.push(`const ${name}: u32 = ${scalarText(word)};`);
    return scalar(name);
  }

  /** A function of words: on scalars by `name`, on lanes by `name` + `4`. */
  call(name: string, ...words: readonly Word[]): Word {
    if (words.some((word) => word.lanes.length > 0)) {
      return lanes(`${name}4(${words.map((word) => this.vector(word)).join(', ')})`);
    }
    return scalar(`${name}(${words.map(scalarText).join(', ')})`);
  }

  /** The splatted slot that holds the nonce-independent part of a word. */
  #slot(word: Word): string {
    const text = scalarText(word);
    let index = this.#slots.get(text);
    if (index === undefined) {
      index = this.#slots.size;
      this.#slots.set(text, index);
      this.perHeader.push(`v128.store(SLOTS, i32x4.splat(${text}), ${16 * index});`);
    }
    return `v128.load(SLOTS, ${16 * index})`;
  }
}

function scalarText(word: Word): string {
  return [...word.scalars, ...(word.constant === 0 && word.scalars.length > 0 ? [] : [word.constant])].join(' + ');
}

function sum(terms: readonly string[]): string {
  return terms.reduce((left, right) => `i32x4.add(${left}, ${right})`);
}

/** The message schedule up to word `last`, word by word. */
function schedule(emitter: Emitter, prefix: string, block: readonly Word[], last: number): Word[] {
  const words = [...block];
  const word = (t: number) => words[t] ?? constant(0);
  for (let t = 16; t <= last; t++) {
    const small0 = isZero(word(t - 15)) ? constant(0) : emitter.call('small0', word(t - 15));
    const small1 = isZero(word(t - 2)) ? constant(0) : emitter.call('small1', word(t - 2));
    words.push(emitter.named(`${prefix}${t}`, add(word(t - 16), word(t - 7), small0, small1)));
  }
  return words;
}

const isZero = (word: Word) => word.constant === 0 && word.scalars.length === 0 && word.lanes.length === 0;

/** Rounds 0 to `last`; `keepA` says in which rounds the new `a` is still needed afterwards. */
function rounds(
  emitter: Emitter,
  prefix: string,
  start: Registers,
  words: readonly Word[],
  last: number,
  keepA: (t: number) => boolean,
): Registers {
  let [a, b, c, d, e, f, g, h] = start;
  for (let t = 0; t <= last; t++) {
    const fixed = add(h, constant(ROUND_CONSTANTS[t] ?? 0), words[t] ?? constant(0));
    const chosen = emitter.call('choose', e, f, g);
    const t1 = emitter.named(`${prefix}t${t}`, add(fixed, chosen, emitter.call('big1', e)));
    const nextA = keepA(t) ? add(t1, emitter.call('majority', a, b, c), emitter.call('big0', a)) : constant(0);
    const nextE = emitter.named(`${prefix}e${t}`, add(d, t1));
    [a, b, c, d, e, f, g, h] = [emitter.named(`${prefix}a${t}`, nextA), a, b, c, nextE, e, f, g];
  }
  return [a, b, c, d, e, f, g, h];
}

/**
 * AssemblyScript of `prepareLanes()`, which computes all that is the same for every nonce from MIDSTATE and HEADER, and
 * `lastWord(nonces)`, which returns the last word of the double hash for four nonces (big-endian words in each lane).
 * That word decides nearly always, and is ready three rounds before the others.
 */
export function lanesSource(): string {
  const emitter = new Emitter();
  const midstate = INITIAL_STATE.map((_, i) => scalar(`load<u32>(MIDSTATE, ${4 * i})`));
  const tail = [0, 4, 8].map((offset) => scalar(`bswap<u32>(load<u32>(HEADER, ${64 + offset}))`));
  const first = [...tail, lanes('nonces'), constant(0x80000000), ...Array(10).fill(constant(0)), constant(640)];
  const firstWords = schedule(
    emitter,
    'w',
    first.map((word, i) => emitter.named(`m${i}`, word)),
    63,
  );
  const state = midstate.map((word, i) => emitter.named(`h${i}`, word)) as unknown as Registers;
  const hashed = rounds(emitter, 'p', state, firstWords, 63, () => true);
  const digest = hashed.map((word, i) => emitter.named(`d${i}`, add(word, state[i] ?? constant(0))));
  const second = [...digest, constant(0x80000000), ...Array(6).fill(constant(0)), constant(256)];
  const secondWords = schedule(emitter, 'x', second, 60);
  const initial = INITIAL_STATE.map(constant) as unknown as Registers;
  // The last word is the `e` of round 60, which needs no `a` later than round 56's.
  const [, , , , last] = rounds(emitter, 'q', initial, secondWords, 60, (t) => t <= 56);
  emitter.perNonce.push(`return ${emitter.vector(add(last, constant(INITIAL_STATE[7] ?? 0)))};`);
  return [
    `// ${emitter.slots} slots`,
    `function prepareLanes(): void {\n${emitter.perHeader.join('\n')}\n}`,
    `function lastWord(nonces: v128): v128 {\n${emitter.perNonce.join('\n')}\n}`,
    '',
  ].join('\n');
}
