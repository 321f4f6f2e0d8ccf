import type { Served } from './fan-out.ts';
import type { Miner } from './miner.ts';
import type { MinerHost } from './miner-host.ts';
import type { JobKind, MinerWork, Task } from './miner-work.ts';

/** What is to go out to one miner: the latest of it, when its turn comes and once it keeps up. */
export class MinerTurn implements Served {
  readonly #miner: Miner;
  readonly #work: MinerWork;
  readonly #host: MinerHost;
  #due: (Task & { readonly clean: boolean }) | undefined;
  #again: JobKind | undefined;
  #queued = false;
  #over = false;

  constructor(miner: Miner, work: MinerWork, host: MinerHost) {
    this.#miner = miner;
    this.#work = work;
    this.#host = host;
  }

  /** Whether something goes out soon. */
  get queued(): boolean {
    return this.#queued;
  }

  give(task: Task, clean: boolean): void {
    this.#due = { ...task, clean: clean || this.#due?.clean === true };
    this.queue();
  }

  giveAgain(kind: JobKind): void {
    this.#again = kind;
    this.queue();
  }

  /** Work that is not out yet is worth nothing any more. */
  drop(): void {
    this.#due = undefined;
  }

  /** The miner is gone. */
  close(): void {
    this.#over = true;
    this.drop();
  }

  /** Waits for its turn if there is anything to wait for. */
  queue(): void {
    if (this.#queued || this.#over || (this.#due ?? this.#again) === undefined) return;
    this.#queued = true;
    this.#host.fanOut.add(this);
  }

  serve(): void {
    this.#queued = false;
    const { connection } = this.#miner;
    if (this.#over || connection.congested) return;
    const due = this.#due;
    const again = this.#again;
    this.#due = undefined;
    this.#again = undefined;
    const misfit = due === undefined ? undefined : this.#work.give(due, due.clean);
    if (due === undefined && again !== undefined) this.#work.giveAgain(again);
    connection.flush();
    if (misfit !== undefined) this.#host.misfits.add(this.#miner, misfit);
  }

  failed(error: unknown): void {
    this.#miner.failed(error);
  }
}
