import { once } from 'node:events';
import { link, open, rm } from 'node:fs/promises';
import { CommandError } from '../command.ts';
import { processTerminal, type Terminal } from '../terminal.ts';

/** Where something long goes, as fast as it is taken. */
export interface Output {
  write(part: string): Promise<void>;
  /** All of it was written. */
  finish(): Promise<void>;
  /** It will not be finished: what is there of it is removed. */
  abandon(): Promise<void>;
}

/** The reader has gone away: `… | head` is no failure. */
export class ReaderGone extends Error {}

/** A new file, which has its name when it is whole and on disk; or standard output. */
export async function openOutput(file: string | undefined, terminal: Terminal): Promise<Output> {
  if (file !== undefined) return await fileOutput(file);
  const none = async (): Promise<void> => {};
  if (terminal !== processTerminal) return { write: async (part) => terminal.out(part), finish: none, abandon: none };
  let gone = false;
  process.stdout.once('error', () => {
    gone = true;
  });
  const write = async (part: string): Promise<void> => {
    if (gone) throw new ReaderGone();
    if (process.stdout.write(part)) return;
    await once(process.stdout, 'drain').catch(() => {
      throw new ReaderGone();
    });
  };
  return { write, finish: none, abandon: none };
}

async function fileOutput(file: string): Promise<Output> {
  const unfinished = `${file}.unfinished-${process.pid}`;
  const handle = await open(unfinished, 'wx');
  return {
    write: async (part) => await handle.writeFile(part),
    async finish() {
      await handle.sync();
      await handle.close();
      try {
        // Unlike a rename it fails where there is something.
        await link(unfinished, file);
      } catch (cause) {
        throw new CommandError(`${file}: exists already and is not overwritten`, { cause });
      } finally {
        await rm(unfinished, { force: true });
      }
    },
    async abandon() {
      await handle.close();
      await rm(unfinished, { force: true });
    },
  };
}
