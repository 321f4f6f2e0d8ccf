/** What is known of a family of firmware. A user agent is often wrong: everything here is a guess that shares correct. */
export interface FirmwareProfile {
  readonly family: string;
  /** How its user agents begin, in lower case; `~`: what they contain. */
  readonly agents: readonly string[];
  /** Difficulty of the first job: about ten seconds of the family's work. */
  readonly startDifficulty: number;
  /** It holds or sells none below this. */
  readonly leastDifficulty: number;
  /** Largest coinbase that it mines right, in bytes, extranonce included. */
  readonly coinbaseLimit: number;
  /** Sizes of extranonce2 that it takes, in bytes. */
  readonly extranonce2: { readonly least: number; readonly most: number };
}

const ANY_EXTRANONCE2 = { least: 1, most: 16 };

/** Coinbases that a family was tested with, as OCEAN's DATUM gateway sorts them. */
const COINBASE = { nicehash: 500, antminer: 750, s21: 2_250, large: 6_500, huge: 16_000 } as const;

/**
 * What the field calls nearly universal: S19-class boards cut what is longer than 730 to 755 bytes. The start is high
 * enough that a hall of large rigs that comes all at once sends no flood; the way down from it is short.
 */
const UNKNOWN: FirmwareProfile = {
  family: 'unknown',
  agents: [],
  startDifficulty: 8_192,
  leastDifficulty: 0,
  coinbaseLimit: COINBASE.antminer,
  extranonce2: ANY_EXTRANONCE2,
};

/**
 * Families by user agent; the first that fits counts. Coinbase sizes and NiceHash's least difficulty are those that DATUM's
 * stratum server is tuned to (fingerprints by user agent). ESP-Miner takes extranonce2 up to 32 bytes, Whatsminer up to 8;
 * NiceHash wants 4 or more, Braiins' hashpower market 7 or more. Firmware of ASICs keeps difficulties as whole numbers: a
 * fraction of 1 is 0 there.
 */
export const FIRMWARE_PROFILES: readonly FirmwareProfile[] = [
  {
    ...UNKNOWN,
    family: 'nicehash',
    agents: ['nicehash/', 'excavator/'],
    startDifficulty: 524_288,
    leastDifficulty: 524_288,
    coinbaseLimit: COINBASE.nicehash,
    extranonce2: { least: 4, most: 16 },
  },
  {
    ...UNKNOWN,
    family: 'nerdminer',
    agents: ['nerdminer', '~esp32', 'leafminer', 'sparkminer'],
    startDifficulty: 2 ** -13,
    coinbaseLimit: 1_500,
  },
  {
    ...UNKNOWN,
    family: 'bitaxe',
    agents: ['bitaxe', 'nerdaxe', 'nerdqaxe', 'nerdoctaxe', 'lucky miner', 'luckyminer', 'piaxe'],
    startDifficulty: 1_024,
    leastDifficulty: 1,
    coinbaseLimit: COINBASE.large,
  },
  {
    ...UNKNOWN,
    family: 'hashpower-market',
    agents: ['braiins hashpower', 'braiins-hashpower', 'miningrigrentals', 'mrr'],
    startDifficulty: 524_288,
    leastDifficulty: 1,
    coinbaseLimit: COINBASE.nicehash,
    extranonce2: { least: 7, most: 16 },
  },
  {
    ...UNKNOWN,
    family: 'whatsminer',
    agents: ['whatsminer', 'btminer'],
    startDifficulty: 65_536,
    leastDifficulty: 1,
    coinbaseLimit: COINBASE.large,
    extranonce2: { least: 1, most: 8 },
  },
  {
    ...UNKNOWN,
    family: 'antminer-s21',
    agents: ['antminer s21'],
    startDifficulty: 131_072,
    leastDifficulty: 1,
    coinbaseLimit: COINBASE.s21,
  },
  { ...UNKNOWN, family: 'antminer', agents: ['antminer', 'bmminer'], startDifficulty: 32_768, leastDifficulty: 1 },
  {
    ...UNKNOWN,
    family: 'braiins',
    agents: ['~bosminer', 'bos/', 'boser'],
    startDifficulty: 32_768,
    leastDifficulty: 1,
    coinbaseLimit: COINBASE.s21,
  },
  {
    ...UNKNOWN,
    family: 'vnish',
    agents: ['xminer', 'vnish'],
    startDifficulty: 32_768,
    leastDifficulty: 1,
    coinbaseLimit: COINBASE.huge,
  },
  {
    ...UNKNOWN,
    family: 'epic',
    agents: ['powerplay'],
    startDifficulty: 32_768,
    leastDifficulty: 1,
    coinbaseLimit: COINBASE.huge,
  },
  { ...UNKNOWN, family: 'luxos', agents: ['luxminer', 'luxos'], startDifficulty: 32_768, leastDifficulty: 1 },
  { ...UNKNOWN, family: 'avalon', agents: ['avalon', 'canaan'], startDifficulty: 16_384, leastDifficulty: 1 },
  {
    ...UNKNOWN,
    family: 'cpu',
    agents: ['cpuminer', 'minerd', 'ccminer', 'sv2kit-mining-device'],
    startDifficulty: 2 ** -8,
    coinbaseLimit: COINBASE.huge,
  },
  {
    ...UNKNOWN,
    family: 'cgminer',
    agents: ['cgminer', 'bfgminer', 'sgminer'],
    coinbaseLimit: COINBASE.antminer,
    leastDifficulty: 1,
  },
];

/** The profile of a user agent; the Antminer form for what is unknown. */
export function profileOf(userAgent: string): FirmwareProfile {
  const agent = userAgent.trim().toLowerCase();
  const fits = (pattern: string): boolean =>
    pattern.startsWith('~') ? agent.includes(pattern.slice(1)) : agent.startsWith(pattern);
  return FIRMWARE_PROFILES.find(({ agents }) => agents.some(fits)) ?? UNKNOWN;
}

/** What a miner of a family may have trouble with; nothing is refused for it. */
export type ProfileMismatch =
  | { readonly kind: 'coinbase-too-large'; readonly size: number; readonly limit: number }
  | { readonly kind: 'extranonce2-size'; readonly size: number; readonly least: number; readonly most: number };

/** Whether firmware of the family mines a coinbase of so many bytes right. */
export function coinbaseFits(coinbaseSize: number, { coinbaseLimit }: FirmwareProfile): ProfileMismatch | undefined {
  if (coinbaseSize <= coinbaseLimit) return undefined;
  return { kind: 'coinbase-too-large', size: coinbaseSize, limit: coinbaseLimit };
}

/** Whether firmware of the family takes an extranonce2 of so many bytes. */
export function extranonce2Fits(size: number, { extranonce2 }: FirmwareProfile): ProfileMismatch | undefined {
  const { least, most } = extranonce2;
  return size >= least && size <= most ? undefined : { kind: 'extranonce2-size', size, least, most };
}
