import { join } from 'node:path';
import type { Projection, Source } from '../database/projection.ts';
import type { FileLayer } from '../files.ts';
import type { JournalEntry } from '../read-journal.ts';
import { Applier, type SetAside } from './applier.ts';
import { resume } from './integrity.ts';
import { JournalTail } from './journal-tail.ts';

/** One journal on its way into the database. */
export class SourceFollower {
  readonly #source: Source;
  readonly #files: FileLayer;
  readonly #tail: JournalTail;
  readonly #applier: Applier;
  readonly #projection: Projection;
  #read: readonly JournalEntry[] = [];
  #position = 0;

  constructor(parts: {
    readonly source: Source;
    readonly files: FileLayer;
    readonly directory: string;
    readonly projection: Projection;
    readonly onSetAside: (letter: SetAside) => void;
  }) {
    this.#source = parts.source;
    this.#files = parts.files;
    this.#projection = parts.projection;
    this.#tail = new JournalTail(parts.files, join(parts.directory, parts.source));
    this.#applier = new Applier(parts.projection, parts.source, parts.onSetAside);
  }

  /** Of the last record that the database holds. */
  get position(): number {
    return this.#position;
  }

  /**
   * Checks that the database is of this journal. Before the first `step`.
   *
   * @param partial an empty database may begin with the oldest record that is left
   * @throws as `resume`
   */
  async begin(upTo: number, partial = false): Promise<void> {
    const projected = await this.#projection.position(this.#source);
    this.#read = resume({ source: this.#source, tail: this.#tail, projected, upTo, partial });
    this.#position = projected.position;
  }

  /**
   * Projects the next records, in one transaction where they can be.
   *
   * @param upTo everything up to this record is on disk
   * @returns whether there were any
   */
  async step(upTo: number): Promise<boolean> {
    const entries = this.#read.length > 0 ? this.#read : this.#tail.read(upTo);
    this.#read = [];
    const last = entries.at(-1);
    if (last === undefined) return false;
    if (upTo === Number.POSITIVE_INFINITY) this.#sync();
    await this.#applier.apply(entries);
    this.#position = last.position;
    return true;
  }

  /** What a writer of another process has not synced yet could still be taken back. */
  #sync(): void {
    const { path } = this.#tail;
    if (path === undefined) return;
    const handle = this.#files.open(path, 'existing');
    try {
      this.#files.sync(handle);
    } finally {
      this.#files.close(handle);
    }
    this.#files.syncDirectory(join(path, '..'));
  }
}
