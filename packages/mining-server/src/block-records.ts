import type { BlockFound } from '@sv2kit/ledger';
import type { ChannelRegister } from './channel-register.ts';
import type { Miner } from './miner.ts';
import type { ShareJournal } from './ports.ts';

/** Blocks that wait for a journal that takes nothing, at most. */
const MOST_LATE = 1_024;

interface Late {
  readonly miner: Miner;
  readonly record: BlockFound;
}

/** Found blocks on their way into the journal: what that does not take is offered again as soon as it writes. */
export class BlockRecords {
  readonly #journal: ShareJournal;
  readonly #register: ChannelRegister;
  #late: Late[] = [];

  constructor(journal: ShareJournal, register: ChannelRegister) {
    this.#journal = journal;
    this.#register = register;
    journal.onState(({ kind }) => {
      if (kind === 'ok') this.#catchUp();
    });
  }

  add(miner: Miner, record: BlockFound): void {
    this.#register.record(miner);
    if (Number.isFinite(this.#journal.append(record)) || this.#late.length >= MOST_LATE) return;
    this.#late.push({ miner, record });
  }

  #catchUp(): void {
    const late = this.#late;
    this.#late = [];
    for (const { miner, record } of late) this.add(miner, record);
  }
}
