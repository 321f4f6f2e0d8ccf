import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { shellWord } from '../shell-word.ts';
import type { Terminal } from '../terminal.ts';
import { CommandError } from '../command.ts';
import type { Machine } from './machine.ts';

/** One thing that is done to the machine. */
export type Step =
  | { readonly kind: 'write'; readonly path: string; readonly text: string }
  | {
      readonly kind: 'run';
      readonly command: string;
      readonly args: readonly string[];
      /** What it means when it fails, before what the program said. */
      readonly failed?: string;
      /** What to show when it fails. */
      readonly logOf?: readonly string[];
    };

/** Shows a step as a person could do it. */
export function describeStep(step: Step): string {
  if (step.kind === 'run') return [step.command, ...step.args].map(shellWord).join(' ');
  return `write ${step.path}:\n${step.text.replace(/^(?=.)/gm, '    ')}`.trimEnd();
}

/** @throws CommandError at the first that fails */
export function carryOut(steps: readonly Step[], machine: Machine, terminal: Terminal): void {
  for (const step of steps) {
    if (step.kind === 'write') {
      terminal.out(`write ${step.path}\n`);
      mkdirSync(dirname(step.path), { recursive: true });
      writeFileSync(step.path, step.text, { mode: 0o644 });
      continue;
    }
    terminal.out(`${describeStep(step)}\n`);
    const { code, out } = machine.run(step.command, step.args);
    if (code === 0) continue;
    const log = step.logOf === undefined ? '' : `\n${machine.run('journalctl', step.logOf).out}`;
    throw new CommandError(`${step.failed ?? describeStep(step)}: ${out === '' ? `it ended with ${code}` : out}${log}`);
  }
}
