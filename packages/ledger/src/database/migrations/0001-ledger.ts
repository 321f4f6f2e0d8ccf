import { table } from '../schema.ts';

/** How far each journal is projected. */
export const journals = table('journals', { name: 'text', position: 'integer', fingerprint: 'text' }, ['name']);

/** From one start of the service to the next. `id` here and below: position in the journal. */
export const runs = table('runs', { id: 'integer', boot_epoch: 'integer', started_ms: 'integer' }, ['id']);

export const connections = table(
  'connections',
  { run: 'integer', connection: 'integer', id: 'integer', opened_ms: 'integer', remote: 'text', device: 'text' },
  ['run', 'connection'],
);

/** `kind` is 'unknown' where the journal has lost the opening: `id` is then that of the first record that names it. */
export const channels = table(
  'channels',
  {
    id: 'integer',
    run: 'integer',
    channel_key: 'integer',
    connection: 'integer',
    channel_id: 'integer',
    kind: 'text',
    worker: 'integer',
    extranonce_prefix: 'bytes',
    opened_ms: 'integer',
  },
  ['id'],
  { unique: [['run', 'channel_key']] },
);

export const channelEnds = table('channel_ends', { channel: 'integer', closed_ms: 'integer', reason: 'text' }, [
  'channel',
]);

/** Who mines: a channel's user_identity and, where shares name one, the worker behind it. Ids count from 1. */
export const workers = table(
  'workers',
  {
    id: 'integer',
    user_name: 'text',
    worker_name: 'text',
    accepted: 'integer',
    rejected: 'integer',
    work: 'exact',
    difficulty: 'real',
    best: 'real',
    best_ms: 'integer?',
    first_ms: 'integer',
    last_ms: 'integer?',
  },
  ['id'],
  { unique: [['user_name', 'worker_name']] },
);

/**
 * Stretches of accepted work without a gap or overlap: records `id` to `last_position`, of the minutes from `minute`
 * (unix minutes) on. One ends with its minute and with every BlockFound, whose position is then `ended_by`.
 */
export const slices = table(
  'slices',
  {
    id: 'integer',
    minute: 'integer',
    /** Minutes: 1, or 60 after a roll-up. */
    span: 'integer',
    last_position: 'integer',
    shares: 'integer',
    work: 'exact',
    difficulty: 'real',
    closed: 'integer',
    ended_by: 'integer?',
  },
  ['id'],
  { indexes: [['minute']] },
);

export const work = table(
  'work',
  {
    slice: 'integer',
    worker: 'integer',
    channel: 'integer',
    shares: 'integer',
    work: 'exact',
    difficulty: 'real',
    best: 'real',
  },
  ['slice', 'worker', 'channel'],
  { indexes: [['worker', 'slice']] },
);

export const rejections = table(
  'rejections',
  { worker: 'integer', minute: 'integer', channel: 'integer', code: 'text', shares: 'integer' },
  ['worker', 'minute', 'channel', 'code'],
  { indexes: [['minute']] },
);

/** All rejections since the ledger began. */
export const rejectionTotals = table('rejection_totals', { code: 'text', shares: 'integer' }, ['code']);

/** Single shares. `code` is null of an accepted one; a rejected one has no hash. */
export const shares = table(
  'shares',
  {
    position: 'integer',
    time_ms: 'integer',
    worker: 'integer',
    channel: 'integer',
    sequence_number: 'integer',
    job_id: 'integer',
    difficulty: 'real',
    hash: 'bytes?',
    code: 'text?',
    is_block: 'integer',
  },
  ['position'],
  {
    indexes: [
      ['time_ms', 'position'],
      ['worker', 'position'],
    ],
  },
);

/** What is found, and what became of it. Columns of the finding are null while only the fate of a block is known. */
export const blocks = table(
  'blocks',
  {
    hash: 'bytes',
    position: 'integer?',
    found_ms: 'integer?',
    channel: 'integer?',
    user_name: 'text',
    worker_name: 'text',
    height: 'integer?',
    header: 'bytes?',
    coinbase: 'bytes?',
    via: 'text',
    path: 'text',
    revenue: 'exact?',
    network_difficulty: 'real?',
    /** Since the block before, whatever became of that. */
    round_shares: 'integer',
    round_work: 'exact',
    status: 'text',
    status_by: 'text',
    status_reason: 'text',
    status_ms: 'integer',
  },
  ['hash'],
  { indexes: [['position'], ['status']] },
);

export const blockEvents = table(
  'block_events',
  { position: 'integer', hash: 'bytes', time_ms: 'integer', status: 'text', said_by: 'text', reason: 'text' },
  ['position'],
  { indexes: [['hash', 'position']] },
);

export const customJobs = table(
  'custom_jobs',
  {
    position: 'integer',
    channel: 'integer',
    job_id: 'integer',
    time_ms: 'integer',
    mode: 'text',
    token_id: 'bytes',
    prev_hash: 'bytes',
    height: 'integer',
    difficulty: 'real',
    credit: 'real',
    payout: 'exact?',
    value: 'exact?',
  },
  ['position'],
  { indexes: [['channel', 'job_id']] },
);

/** One row. The round is what was mined since the last BlockFound. */
export const totals = table(
  'totals',
  {
    id: 'integer',
    accepted: 'integer',
    rejected: 'integer',
    work: 'exact',
    best: 'real',
    round_shares: 'integer',
    round_work: 'exact',
    round_since_ms: 'integer?',
  },
  ['id'],
);

/** Up to where each kind of roll-up has come: unix minutes. */
export const rollups = table('rollups', { name: 'text', minute: 'integer' }, ['name']);

/** Records that could not be applied, as the journal has them. */
export const deadLetters = table(
  'dead_letters',
  { source: 'text', position: 'integer', record_code: 'integer', fault: 'text', reason: 'text', body: 'bytes' },
  ['source', 'position'],
);

export const LEDGER_TABLES = [
  journals,
  runs,
  connections,
  channels,
  channelEnds,
  workers,
  slices,
  work,
  rejections,
  rejectionTotals,
  shares,
  blocks,
  blockEvents,
  customJobs,
  totals,
  rollups,
  deadLetters,
] as const;
