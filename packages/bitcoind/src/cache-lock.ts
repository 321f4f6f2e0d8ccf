import { mkdir, open, readFile, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const RETRY_MS = 250;
/** A holder in another process-id namespace looks alive or dead by accident: nobody holds a lock for longer. */
const LONGEST_HOLD_MS = 15 * 60_000;

/**
 * Holds a lock file while `work` runs, so that processes which want the same thing get it once.
 * A lock whose holder has died is taken over. It saves work and is no guarantee: what is shared must be published
 * in one atomic step.
 */
export async function withLock<T>(
  path: string,
  options: { readonly onWait: (holder: number) => void; readonly signal?: AbortSignal | undefined },
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  let told = false;
  while (!(await tryLock(path))) {
    options.signal?.throwIfAborted();
    const holder = await readHolder(path);
    if ((holder !== undefined && !isAlive(holder)) || (await ageMs(path)) > LONGEST_HOLD_MS) {
      await rm(path, { force: true });
      continue;
    }
    if (!told && holder !== undefined) options.onWait(holder);
    told ||= holder !== undefined;
    await delay(RETRY_MS, undefined, options.signal === undefined ? {} : { signal: options.signal });
  }
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

async function tryLock(path: string): Promise<boolean> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function readHolder(path: string): Promise<number | undefined> {
  try {
    const pid = Number.parseInt(await readFile(path, 'utf8'), 10);
    return Number.isSafeInteger(pid) && pid > 0 ? pid : undefined;
  } catch {
    return undefined;
  }
}

async function ageMs(path: string): Promise<number> {
  try {
    return Date.now() - (await stat(path)).mtimeMs;
  } catch {
    return 0;
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return hasCode(error, 'EPERM');
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
