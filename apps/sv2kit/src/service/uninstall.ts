import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, parseOptions } from '@sv2kit/daemon';
import { CommandError } from '../command.ts';
import type { Terminal } from '../terminal.ts';
import { FOLDERS, type Machine, thisMachine } from './machine.ts';
import { runnableOf } from './runnable.ts';
import { nameOf } from './service-name.ts';
import { carryOut, describeStep, type Step } from './steps.ts';
import { UNIT_MARK, unitName } from './unit.ts';

const help = `Stops a service, which drains it, and removes its unit. Configuration, keys and data stay.

Usage: sv2kit service uninstall ROLE [--user] [--name NAME] [--dry-run]

Examples:
  sudo sv2kit service uninstall pool
  sudo sv2kit service uninstall template-provider --name miner-templates
`;

const OPTIONS = { user: { type: 'boolean' }, name: { type: 'string' }, 'dry-run': { type: 'boolean' } } as const;

function run(argv: readonly string[], terminal: Terminal): number {
  const { values, positionals } = parseOptions(argv, OPTIONS, 1);
  const name = nameOf(runnableOf(positionals[0]).name, values.name);
  const isDryRun = values['dry-run'] === true;
  return uninstall({ name, isUser: values.user === true, isDryRun }, terminal, thisMachine());
}

interface Removal {
  readonly name: string;
  readonly isUser: boolean;
  readonly isDryRun: boolean;
}

/** @throws CommandError for a unit that is not there or not ours */
export function uninstall({ name, isUser, isDryRun }: Removal, terminal: Terminal, machine: Machine): number {
  const unit = unitName(name);
  const path = join(isUser ? machine.folders.userUnits : machine.folders.units, unit);
  if (!existsSync(path)) throw new CommandError(`${path} is not there`);
  if (!readFileSync(path, 'utf8').startsWith(UNIT_MARK)) {
    throw new CommandError(`${path} was not written by sv2kit service install: remove it by hand`);
  }
  const whose = isUser ? ['--user'] : [];
  const systemctl = (...args: string[]): Step => ({ kind: 'run', command: 'systemctl', args: [...whose, ...args] });
  const steps: Step[] = [
    systemctl('disable', '--now', '--quiet', unit),
    { kind: 'run', command: 'rm', args: [path] },
    systemctl('daemon-reload'),
  ];
  if (isDryRun) {
    terminal.out(`This would be done:\n\n${steps.map(describeStep).join('\n')}\n`);
    return EXIT.ok;
  }
  if (machine.uid !== 0 && !isUser) throw new CommandError('a service of the machine wants root: sudo');
  carryOut(steps, machine, terminal);
  const kept = isUser
    ? 'Its configuration and data stay.'
    : `What it kept stays in ${FOLDERS.configuration} and ${FOLDERS.state}.`;
  terminal.out(`\n${unit} is gone. ${kept}\n`);
  return EXIT.ok;
}

export const uninstallService = { name: 'uninstall', summary: 'Stops a service and removes its unit.', help, run };
