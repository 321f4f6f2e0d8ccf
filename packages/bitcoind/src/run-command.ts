import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { BitcoindError } from './bitcoind-error.ts';

export interface RunOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal | undefined;
  /** Called for each line the command writes to file descriptor 3. */
  readonly onStatus?: (line: string) => void;
}

/** Runs a command to its end and returns what it printed; a failure names the command and its last words. */
export async function runCommand(command: string, args: readonly string[], options: RunOptions = {}): Promise<string> {
  const child = spawn(command, args, {
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    env: { ...process.env, LC_ALL: 'C', ...options.env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const status = child.stdio[3];
  if (options.onStatus && status && 'readable' in status) {
    createInterface({ input: status }).on('line', options.onStatus);
  } else if (status && 'resume' in status) {
    status.resume();
  }
  let stdout = '';
  let stderr = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-8_192);
  });
  return await new Promise<string>((resolve, reject) => {
    child.on('error', (cause) => {
      const said = cause.name === 'AbortError' ? 'was interrupted' : `could not be run: ${cause.message}`;
      reject(new BitcoindError('command-failed', `${command} ${said}`, { command, args }, { cause }));
    });
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(stdout);
      const words = lastLine(stderr) ?? lastLine(stdout) ?? 'it said nothing';
      const ended = code === null ? `was ended by ${String(signal)}` : `failed with status ${code}`;
      reject(new BitcoindError('command-failed', `${command} ${ended}: ${words}`, { command, args, code, signal }));
    });
  });
}

/** The last line of a text that says something. */
export function lastLine(text: string): string | undefined {
  return text
    .split('\n')
    .map((line) => line.trim())
    .findLast((line) => line !== '');
}
