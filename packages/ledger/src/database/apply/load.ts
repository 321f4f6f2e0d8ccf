import type { JournalEntry } from '../../read-journal.ts';
import type { Row, Transaction } from '../database.ts';
import { SOURCES } from '../projection.ts';
import { channels, journals, totals, work, workers } from '../tables.ts';
import { Memory, nameOf, type SliceState, type WorkerState } from './memory.ts';
import { identityText } from './texts.ts';

/** What the database says after its last commit. */
export async function loadMemory(transaction: Transaction): Promise<Memory> {
  const places = await loadPositions(transaction);
  const [sums = {}] = await transaction.all(`SELECT * FROM ${totals.name}`);
  const [run = {}] = await transaction.all('SELECT coalesce(max(id), 0) AS id FROM runs');
  const [last = {}] = await transaction.all(`SELECT coalesce(max(id), 0) AS id FROM ${workers.name}`);
  const memory = new Memory(places, totalsOf(sums), Number(run['id']), Number(last['id']));
  memory.slice = await loadSlice(transaction);
  return memory;
}

async function loadPositions(transaction: Transaction): Promise<Memory['positions']> {
  const positions: Memory['positions'] = {
    journal: { position: 0, fingerprint: '' },
    payments: { position: 0, fingerprint: '' },
  };
  const rows = await transaction.all(`SELECT * FROM ${journals.name}`);
  for (const source of SOURCES) {
    const row = rows.find(({ name }) => name === source);
    if (row === undefined) await transaction.put(journals, [{ name: source, position: 0, fingerprint: '' }]);
    else positions[source] = { position: Number(row['position']), fingerprint: String(row['fingerprint']) };
  }
  return positions;
}

function totalsOf(row: Row): Memory['totals'] {
  return {
    accepted: Number(row['accepted'] ?? 0),
    rejected: Number(row['rejected'] ?? 0),
    work: BigInt(row['work']?.toString() ?? 0),
    best: Number(row['best'] ?? 0),
    roundShares: Number(row['round_shares'] ?? 0),
    roundWork: BigInt(row['round_work']?.toString() ?? 0),
    roundSinceMs: numberOrNull(row['round_since_ms']),
  };
}

async function loadSlice(transaction: Transaction): Promise<SliceState | undefined> {
  const [row] = await transaction.all('SELECT * FROM slices ORDER BY id DESC LIMIT 1');
  if (row === undefined || row['closed'] === 1) return undefined;
  const id = Number(row['id']);
  const slice: SliceState = {
    id,
    minute: Number(row['minute']),
    lastPosition: Number(row['last_position']),
    shares: Number(row['shares']),
    work: BigInt(String(row['work'])),
    rows: new Map(),
  };
  for (const part of await transaction.all(`SELECT * FROM ${work.name} WHERE slice = $1`, [id])) {
    const worker = Number(part['worker']);
    const channel = Number(part['channel']);
    const sums = { shares: Number(part['shares']), work: BigInt(String(part['work'])), best: Number(part['best']) };
    slice.rows.set(`${channel}:${worker}`, { worker, channel, ...sums });
  }
  return slice;
}

/** Remembers the channels and workers that records of one run speak of, as far as the database knows them. */
export async function loadNamed(
  transaction: Transaction,
  memory: Memory,
  entries: readonly JournalEntry[],
): Promise<void> {
  await loadChannels(transaction, memory, entries);
  const users = new Map<number, string>();
  const names = new Map<string, readonly [string, string]>();
  const want = (user: string, worker: string): void => {
    if (memory.worker(user, worker) === undefined) names.set(nameOf(user, worker), [user, worker]);
  };
  for (const { record } of entries) {
    if (!('channelKey' in record)) continue;
    if (record.type === 'ChannelOpened') {
      const user = identityText(record.userIdentity);
      users.set(record.channelKey, user);
      want(user, '');
      continue;
    }
    const user = memory.channel(record.channelKey)?.worker.user ?? users.get(record.channelKey) ?? '';
    if (memory.channel(record.channelKey) === undefined) want(user, '');
    const isShare = record.type === 'ShareAccepted' || record.type === 'ShareRejected';
    if (isShare && record.userIdentity !== undefined) want(user, identityText(record.userIdentity));
  }
  const keys = [...names.values()];
  if (keys.length === 0) return;
  const found = await transaction.find(workers, ['user_name', 'worker_name'], keys);
  for (const row of found) memory.addWorker(workerOf(row));
}

async function loadChannels(transaction: Transaction, memory: Memory, entries: readonly JournalEntry[]): Promise<void> {
  const keys = new Set<number>();
  for (const { record } of entries) {
    if ('channelKey' in record && memory.channel(record.channelKey) === undefined) keys.add(record.channelKey);
  }
  if (keys.size === 0) return;
  const wanted = [...keys].map((key) => [memory.run, key]);
  const found = await transaction.find(channels, ['run', 'channel_key'], wanted);
  const ids = new Set(found.map((row) => Number(row['worker'])));
  const missing = [...ids].filter((id) => memory.workerById(id) === undefined).map((id) => [id]);
  for (const row of missing.length === 0 ? [] : await transaction.find(workers, ['id'], missing)) {
    memory.addWorker(workerOf(row));
  }
  for (const row of found) {
    const worker = memory.workerById(Number(row['worker']));
    if (worker === undefined) throw new Error(`channel ${row['id']} has a worker that is not there`);
    memory.addChannel(Number(row['channel_key']), { id: Number(row['id']), worker });
  }
}

function workerOf(row: Row): WorkerState {
  return {
    id: Number(row['id']),
    user: String(row['user_name']),
    worker: String(row['worker_name']),
    accepted: Number(row['accepted']),
    rejected: Number(row['rejected']),
    work: BigInt(String(row['work'])),
    best: Number(row['best']),
    bestMs: numberOrNull(row['best_ms']),
    firstMs: Number(row['first_ms']),
    lastMs: numberOrNull(row['last_ms']),
  };
}

function numberOrNull(value: unknown): number | null {
  return value === null || value === undefined ? null : Number(value);
}
