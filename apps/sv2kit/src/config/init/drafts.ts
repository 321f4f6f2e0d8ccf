import { shellWord } from '../../shell-word.ts';
import { MONITORING_PORTS } from '../ports.ts';
import { Draft } from './draft.ts';
import type { InitFacts, NodeKeys } from './facts.ts';

const EXAMPLE_KEY = '9bXiEd8boQVhq7WddEcERUL5tyyJVFYdU8th3HfbNXK3Yw6GRXh';
const ADDRESSES = {
  mainnet: 'bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4',
  testnet: 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx',
  testnet4: 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx',
  signet: 'tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx',
  regtest: 'bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080',
} as const;
/** Tokens are sealed with it; the pool and its job declarator server have the same. */
const TOKEN_KEY = 'job-tokens.key';

type Drafter = (draft: Draft, facts: InitFacts) => Draft;

/** What `init` writes for each role: what has to be said, and what most want to change. */
const DRAFTS: Readonly<Record<string, Drafter>> = {
  'template-provider': (draft, facts) =>
    nodes(
      identity(service(draft, facts, 'Where pools and job declarator clients connect.'), facts),
      facts,
      '[[nodes]]',
    ),
  pool: (draft, facts) => {
    listening(draft, facts, 'Where miners connect; 0.0.0.0:3336 lets other machines in.');
    draft.note('The same for miners that speak Stratum V1, not encrypted.').set('listen_v1', undefined, '0.0.0.0:3333');
    return declared(poolTables(served(draft, facts), facts, ''), facts);
  },
  'jd-server': (draft, facts) => {
    identity(service(draft, facts, 'Where job declarator clients connect.'), facts);
    return jdServerTables(draft, facts, '');
  },
  'pool-with-jds': (draft, facts) => {
    monitored(draft, facts.role).table('[pool]');
    poolTables(
      served(listening(draft, facts, 'Where miners connect; 0.0.0.0:3336 lets other machines in.'), facts, 'pool'),
      facts,
      'pool.',
    );
    draft.table('[jd_server]').note('Where job declarator clients connect.').set('listen', '127.0.0.1:3337');
    served(draft, facts, 'jd-server');
    identity(draft, facts, 'jd_server.');
    return jdServerTables(draft, facts, 'jd_server.');
  },
  'jd-client': (draft, facts) => {
    identity(service(draft, facts, 'Where miners connect; 0.0.0.0:34265 lets other machines in.'), facts);
    templates(draft, facts, '');
    upstreams(draft, facts);
    return coinbase(draft, facts, '', 'Where blocks pay while no pool is mined for.');
  },
  translator: (draft, facts) => {
    listening(monitored(draft, facts.role), facts, 'Where V1 miners connect; 0.0.0.0:34255 lets other machines in.');
    draft
      .table('[[upstreams]]')
      .note('A pool, or a job declarator client of your own.')
      .set('url', facts.upstream, example(3336));
    if (facts.user !== undefined) return draft.set('user_identity', facts.user);
    return draft
      .note('Account there; left out, each miner names itself in full.')
      .set('user_identity', undefined, 'alice');
  },
  'translator-to-v1': (draft, facts) => {
    listening(monitored(draft, facts.role), facts, 'Where V2 devices connect; 0.0.0.0:34275 lets other machines in.');
    draft.set('data_dir', dataOf(facts, facts.role));
    identity(draft, facts).table('[[upstreams]]');
    draft
      .note('A pool that speaks Stratum V1; stratum+ssl:// for TLS.')
      .set('url', facts.upstream, 'stratum+tcp://pool.example:3333');
    return draft.set('user', facts.user, 'account.worker');
  },
  solo: (draft, facts) => {
    const { chain } = facts;
    listening(draft, facts, 'Where V2 miners connect; any machine of the network may.');
    monitored(
      draft
        .set('chain', chain)
        .note('The key that miners know this machine by, and the ledger: keep it.')
        .set('data_dir', dataOf(facts, 'solo')),
      facts.role,
    );
    coinbase(draft, facts, '', 'Every block pays it in full.');
    return nodeKeys(draft.table('[node]'), facts.node);
  },
  'mining-device': (draft, facts) => {
    monitored(draft, facts.role)
      .set('user_identity', facts.user ?? 'miner.worker-1')
      .table('[[upstreams]]');
    return draft
      .note('A pool or proxy; stratum+tcp://HOST:PORT for Stratum V1.')
      .set('url', facts.upstream, example(3336));
  },
  dashboard: (draft, facts) => {
    listening(draft, facts, 'Where the page is served. Beyond this machine it wants a token_file.');
    return draft
      .gap()
      .note('Without [[roles]] it shows those that it finds on 127.0.0.1:9080 to 9099.')
      .note('[[roles]]')
      .note('url = "http://127.0.0.1:9081"');
  },
};

/** The text of a configuration. */
export function draftOf(facts: InitFacts, file: string): string {
  const { role } = facts;
  const draft = new Draft()
    .note(`sv2kit ${role}`)
    .note(`What else can be set: sv2kit config explain ${role}. Check: sv2kit config check ${shellWord(file)}`)
    .gap();
  return DRAFTS[role]?.(draft, facts).toString() ?? '';
}

function example(port: number): string {
  return `stratum2+tcp://127.0.0.1:${port}/${EXAMPLE_KEY}`;
}

function listening(draft: Draft, { listen }: InitFacts, help: string): Draft {
  return draft.note(help).set('listen', listen);
}

function monitored(draft: Draft, role: string): Draft {
  return draft
    .note('Health, figures, API and dashboard, for this machine alone.')
    .set('monitoring', `127.0.0.1:${MONITORING_PORTS[role]}`);
}

/** @param role in a process of several, the one that it is of */
function served(draft: Draft, facts: InitFacts, role = facts.role): Draft {
  draft.set('chain', facts.chain).note('What must not be lost is in here.').set('data_dir', dataOf(facts, role));
  return role === facts.role ? monitored(draft, role) : draft;
}

function dataOf({ dataFolder }: InitFacts, role: string): string {
  return dataFolder === '' ? `${role}-data` : `${dataFolder}/${role}`;
}

function service(draft: Draft, facts: InitFacts, listens: string): Draft {
  return served(listening(draft, facts, listens), facts);
}

function identity(draft: Draft, { keyFile, publicKey }: InitFacts, above = ''): Draft {
  draft
    .table(`[${above}identity]`)
    .note(`Secret: who has it can pose as this role. Clients are given ${publicKey ?? 'its public key'}`);
  return draft.set('authority_secret_file', keyFile);
}

function templates(draft: Draft, facts: InitFacts, above: string): Draft {
  return draft.table(`[[${above}template_providers]]`).set('url', facts.templates, example(8442));
}

function coinbase(draft: Draft, { address, chain }: InitFacts, above: string, help: string): Draft {
  return draft.table(`[${above}coinbase]`).note(help).set('address', address, ADDRESSES[chain]);
}

function poolTables(draft: Draft, facts: InitFacts, above: string): Draft {
  identity(draft, facts, above);
  templates(draft, facts, above);
  const payout = `${above}payout`;
  coinbase(draft, facts, above, `Where blocks pay. Who is paid how: sv2kit config explain ${facts.role} ${payout}`);
  if (Object.keys(facts.node).length === 0) return draft;
  return nodes(draft, facts, `[[${above}nodes]]`, 'Found blocks go to this node too, which confirms them.');
}

/** Where services of one machine share it, when they keep their data there. */
function tokenKeyOf({ dataFolder }: InitFacts): string {
  return dataFolder === '/var/lib/sv2kit' ? `${dataFolder}/shared/${TOKEN_KEY}` : TOKEN_KEY;
}

function declared(draft: Draft, facts: InitFacts): Draft {
  const { declarator } = facts;
  if (declarator === undefined) return draft;
  draft
    .table('[job_declaration]')
    .note('The same file as the job declarator server has.')
    .set('token_key_file', tokenKeyOf(facts));
  return draft.table('[[job_declarators]]').set('url', declarator);
}

function jdServerTables(draft: Draft, facts: InitFacts, above: string): Draft {
  if (above !== '') draft.gap();
  coinbase(draft, facts, above, "The pool's.");
  draft
    .table(`[${above}job_declaration]`)
    .note('The same file as the pool has; made when it is not there.')
    .set('token_key_file', tokenKeyOf(facts));
  nodes(draft, facts, `[[${above}nodes]]`, 'Checks the jobs that miners declare.');
  return draft.maybe('zmq_sequence', facts.node.zmqSequence);
}

function upstreams(draft: Draft, { upstream, declarator, user }: InitFacts): Draft {
  if (upstream === undefined || declarator === undefined) {
    draft.gap().note('Pools that take jobs of yours; without any, blocks pay the address below.').note('[[upstreams]]');
    draft.note(`pool_url = "stratum2+tcp://pool.example:3336/${EXAMPLE_KEY}"`);
    return draft
      .note(`jds_url = "stratum2+tcp://pool.example:3337/${EXAMPLE_KEY}"`)
      .note('user_identity = "alice.rig"');
  }
  draft.table('[[upstreams]]').set('pool_url', upstream).set('jds_url', declarator);
  return draft.set('user_identity', user, 'alice.rig');
}

function nodes(draft: Draft, { node }: InitFacts, header: string, help?: string): Draft {
  draft.table(header);
  return nodeKeys(help === undefined ? draft : draft.note(help), node).maybe('zmq_hash_block', node.zmqHashBlock);
}

function nodeKeys(draft: Draft, { ipc, url, cookieFile, user, password }: NodeKeys): Draft {
  return draft
    .maybe('ipc', ipc)
    .maybe('url', url)
    .maybe('cookie_file', cookieFile)
    .maybe('user', user)
    .maybe('password', password);
}
