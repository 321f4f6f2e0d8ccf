import { type BitcoindBinary, BitcoindError } from '@sv2kit/bitcoind';
import { EXIT } from '@sv2kit/daemon';
import { CommandError, reasonOf, wantsHelp } from '../command.ts';
import { processTerminal, type Terminal } from '../terminal.ts';
import { enough } from './block-book.ts';
import type { Screen, StackStatus } from './events.ts';
import { Interruption, pause, type StopReason } from './interruption.ts';
import { NoIpcError, searchIpcNode } from './node-link.ts';
import { parseStackOptions, stackHelp, type StackOptions } from './options.ts';
import { checkReportFile, stackReport, writeReport } from './report.ts';
import { createScreen } from './screens.ts';
import { Stack } from './stack.ts';
import { blockWords, wayWords } from './wording.ts';

const POLL_MS = 500;
/** Apart from failures: whoever runs this by a script may do without. */
const NO_IPC_NODE_EXIT = 3;
const SIGNAL_EXITS: Partial<Record<NodeJS.Signals, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 };

/** How a run ended. */
interface Outcome {
  readonly ok: boolean;
  readonly code: number;
  readonly text: string;
  readonly status: StackStatus;
}

/**
 * `sv2kit stack`: the whole stack on one machine, each role a process of its own.
 *
 * @param argv words after `stack`
 * @returns the exit code
 * @throws UsageError
 */
export async function stack(argv: readonly string[], terminal: Terminal = processTerminal): Promise<number> {
  if (wantsHelp(argv)) {
    terminal.out(stackHelp);
    return EXIT.ok;
  }
  const options = parseStackOptions(argv);
  const ipcNode = await searchIpcNode(options.link, options.bitcoind);
  if (ipcNode.kind === 'missing') {
    terminal.error(`sv2kit stack: ${options.link === 'ipc' ? '--ipc-only' : '--ipc'}: ${ipcNode.reason}\n`);
    return NO_IPC_NODE_EXIT;
  }
  const isTerminal = terminal === processTerminal && process.stdout.isTTY;
  const columns = isTerminal ? () => process.stdout.columns : undefined;
  const screen = createScreen(terminal, { json: options.json, columns });
  return await runStack(options, screen, ipcNode.kind === 'found' ? ipcNode.binary : undefined);
}

async function runStack(options: StackOptions, screen: Screen, ipcNode?: BitcoindBinary): Promise<number> {
  if (options.report !== undefined) await checkReportFile(options.report);
  using interruption = new Interruption(options.deadlineSeconds);
  const whole = new Stack(options, screen, performance.now(), ipcNode);
  const kill = (): void => void whole.kill();
  interruption.insisted.addEventListener('abort', kill, { once: true });
  const outcome = await reported(await work(whole, options, screen, interruption), options.report);
  await whole.stop();
  screen.show({ kind: 'end', ok: outcome.ok, text: outcome.text });
  screen.close();
  return outcome.code;
}

/** A run whose report cannot be written has failed, but is stopped like any other. */
async function reported(outcome: Outcome, file: string | undefined): Promise<Outcome> {
  if (file === undefined) return outcome;
  try {
    await writeReport(file, stackReport(outcome.ok, outcome.status));
    return outcome;
  } catch (error) {
    const text = `${outcome.text}\nsv2kit stack: --report ${file}: cannot be written: ${reasonOf(error)}`;
    return { ...outcome, ok: false, code: EXIT.failed, text };
  }
}

/** Until there are blocks enough, a role has ended, or somebody or the deadline stops it. */
async function work(whole: Stack, options: StackOptions, screen: Screen, interruption: Interruption): Promise<Outcome> {
  const { signal } = interruption;
  const wanted = options.blocks;
  try {
    await whole.start(signal);
    while (!signal.aborted) {
      for (const block of await whole.poll()) {
        const count = whole.status().blocks.findIndex(({ hash }) => hash === block.hash) + 1;
        screen.show({ kind: 'block', block, count, ...(wanted === undefined ? {} : { wanted }) });
      }
      screen.show({ kind: 'status', status: whole.status() });
      const { failed } = whole;
      if (failed !== undefined) return failure(whole, `${failed.name} failed: ${failed.reason ?? 'no reason given'}`);
      if (wanted !== undefined && enough(whole.status().blocks, wanted, whole.ways) !== undefined) {
        await whole.verifyAll();
        const status = whole.status();
        const blocks = enough(status.blocks, wanted, whole.ways);
        if (blocks !== undefined) return success({ ...status, blocks });
      }
      await pause(POLL_MS, signal);
    }
  } catch (error) {
    if (!signal.aborted) {
      if (!(error instanceof CommandError || error instanceof BitcoindError)) await whole.kill();
      if (!(error instanceof CommandError || error instanceof BitcoindError)) throw error;
      const outcome = failure(whole, `${error.message}${isLocked(error) ? anotherRuns(options) : ''}`);
      return error instanceof NoIpcError ? { ...outcome, code: NO_IPC_NODE_EXIT } : outcome;
    }
  }
  return stopped(whole, options, interruption.reason);
}

/** bitcoind lets one process use a folder. */
const isLocked = ({ message }: Error): boolean => /cannot obtain a lock/i.test(message);

function anotherRuns({ dataDir }: StackOptions): string {
  return ` Another stack runs in ${dataDir}: stop it, or give this one a folder of its own with --data.`;
}

function success(status: StackStatus): Outcome {
  const text = `done: ${status.blocks.length} blocks in every node's best chain (${wayWords(status)})`;
  return { ok: true, code: EXIT.ok, text, status };
}

function failure(whole: Stack, reason: string): Outcome {
  return { ok: false, code: EXIT.failed, text: `sv2kit stack: ${reason}`, status: whole.status() };
}

/** What the start waits for. */
function held(whole: Stack): string {
  const role = whole.status().roles.find(({ state, reason }) => state === 'starting' && reason !== undefined);
  return role === undefined ? '' : `; the ${role.name} is not ready: ${role.reason}`;
}

function stopped(whole: Stack, { blocks }: StackOptions, reason: StopReason | undefined): Outcome {
  if (reason?.kind === 'deadline') {
    const words = blockWords(whole.status());
    return failure(whole, `not done within ${reason.seconds} s: blocks ${words}${held(whole)}`);
  }
  if (blocks === undefined) return { ok: true, code: EXIT.ok, text: 'stopped', status: whole.status() };
  const code = reason?.kind === 'signal' ? (SIGNAL_EXITS[reason.signal] ?? EXIT.failed) : EXIT.failed;
  const text = `stopped after ${whole.status().blocks.length} of ${blocks} blocks`;
  return { ok: false, code, text, status: whole.status() };
}
