import { readFile } from 'node:fs/promises';

/** What the system says of a process. */
export interface ProcessUsage {
  /** Processor time so far, all threads together, in seconds. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
}

/** Of what Linux calls a clock tick, whatever its own ticks are. */
const TICKS_A_SECOND = 100;
/** Positions behind the name of the program, which may hold anything: utime and stime. */
const [UTIME, STIME] = [11, 12];

/** Where the system shows nothing of the kind, outside Linux, both are NaN. */
export async function usageOf(pid: number): Promise<ProcessUsage> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
    return {
      cpuSeconds: (Number(fields[UTIME]) + Number(fields[STIME])) / TICKS_A_SECOND,
      residentBytes: Number(kilobytes) * 1024,
    };
  } catch {
    return { cpuSeconds: Number.NaN, residentBytes: Number.NaN };
  }
}
