import { openLogger } from '../src/index.ts';

let bytes = 0;
const destination = { write: (line: string) => void (bytes += line.length) };
const { log } = openLogger({ name: 'bench', level: 'info', format: 'json', destination });
const payout = 'bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq';
const child = log.child({ connection: 17, miner: `${payout}.rig7` });
const error = new Error('connect ECONNREFUSED 203.0.113.7:8332');
const hash = '0'.repeat(20).padEnd(64, '1f');

/** What to measure: name -> one line of log, redacted and written. Run by `npm run bench -- daemon`. */
export const suite: Record<string, () => void> = {
  'a sentence alone': () => log.info('started'),
  'a hash and numbers': () => log.info('new tip', { height: 900_000, hash, clients: 12 }),
  'a public address': () => log.info('client connected', { address: '203.0.113.7', port: 41_234 }),
  'through a child': () => child.info('share rejected', { code: 'stale-share', sequenceNumber: 42 }),
  'a payout address': () => log.info('channel opened', { user: `${payout}.rig7`, difficulty: 4096, prefix: 8 }),
  'an error with its stack': () => log.warn('upstream lost', { endpoint: 'pool.example.org:3336', error }),
};
