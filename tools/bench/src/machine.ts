import { availableParallelism, cpus, totalmem } from 'node:os';

/** One line that says what was measured on: processor, cores, memory, system, Node. */
export function machine(): string {
  const memory = Math.round(totalmem() / 2 ** 30);
  const processor = cpus()[0]?.model ?? 'unknown processor';
  return `${processor}, ${availableParallelism()} cores, ${memory} GiB, ${process.platform} ${process.arch}, Node ${process.version}`;
}
