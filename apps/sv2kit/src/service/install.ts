import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT } from '@sv2kit/daemon';
import { dashboardPage } from '@sv2kit/dashboard';
import { CommandError } from '../command.ts';
import type { Terminal } from '../terminal.ts';
import { type Machine, thisMachine } from './machine.ts';
import { ownPlace, type Place } from './place.ts';
import { readRequest, type Request } from './request.ts';
import { unitsBefore } from './runnable.ts';
import { descriptionOf } from './show.ts';
import { carryOut, describeStep, type Step } from './steps.ts';
import { planSystem, SERVICE_USER, type SystemPlan } from './system-plan.ts';
import { renderUnit, UNIT_MARK, type UnitPlan, unitName } from './unit.ts';

const help = `Makes a role a service of systemd: a unit that is started with the machine, restarted when it fails, drained when it
is stopped, and shut off from everything that it does not need.

Usage: sv2kit service install ROLE --config FILE [OPTIONS]

  -c, --config FILE   the role's configuration; /etc/sv2kit is the place for it, and for the keys that it names
      --name NAME     for one of several services of the role; the role when left out
      --group GROUP   a group whose files it may read, such as the Bitcoin node's; may be given again. Groups of cookies
                      and sockets that are there are found by themselves
      --user          a service of your own account, without root: with your rights, and less shut off
      --start         start it too, or restart it where it runs
      --dry-run       only show what would be done, and the unit

It runs as the user sv2kit, which is made. Its data goes below /var/lib/sv2kit; keys in /etc/sv2kit become that user's.
The configuration is checked first, the second time as that user: a unit is only written for a service that can start.

Examples:
  sudo sv2kit service install pool --config /etc/sv2kit/pool.toml --start
  sudo sv2kit service install template-provider --config /etc/sv2kit/miner.toml --name miner-templates --group bitcoin
  sv2kit service install solo --config ~/solo.toml --user --start
  sv2kit service install pool --config /etc/sv2kit/pool.toml --dry-run
`;

async function run(argv: readonly string[], terminal: Terminal): Promise<number> {
  return await install(await readRequest(argv), terminal, thisMachine(), ownPlace());
}

/** @throws CommandError, before anything is written where that can be */
export async function install(request: Request, terminal: Terminal, machine: Machine, place: Place): Promise<number> {
  const system = request.isUser ? undefined : planSystem(request, place, machine);
  const unit = unitOf(request, place, system);
  const path = join(request.isUser ? machine.folders.userUnits : machine.folders.units, unitName(request.name));
  const steps = [...(system?.preparations ?? []), check(request, place, system), ...writeUnit(unit, path, request)];
  const problems = [...(system?.problems ?? []), ...pageProblems(request), ...foreignUnit(path)];
  for (const note of system?.notes ?? []) terminal.out(`note: ${note}\n`);
  if (request.isDryRun) {
    terminal.out(`This would be done:\n\n${steps.map(describeStep).join('\n')}\n`);
    return refuse(problems);
  }
  refuse([...problems, ...cannotHere(request, machine)]);
  carryOut(steps, machine, terminal);
  terminal.out(closingWords(request));
  return EXIT.ok;
}

function unitOf({ role, name, file, values, isUser }: Request, place: Place, system: SystemPlan | undefined): UnitPlan {
  const manual = join(place.root, 'docs/OPERATING.md');
  return {
    name,
    description: descriptionOf(role, name),
    command: [place.node, place.main, role.name, '--config', file],
    ...(existsSync(manual) ? { documentation: manual } : {}),
    after: isUser ? [] : unitsBefore(role.name).filter((unit) => unit !== unitName(name)),
    drainSeconds: values.drainSeconds,
    scope: system?.scope ?? { kind: 'user' },
  };
}

/** What the service will find, with the rights that it will have. */
function check({ role, file }: Request, { node, main }: Place, system: SystemPlan | undefined): Step {
  const words = [node, main, role.name, '--config', file, '--check'];
  const failed = `the ${role.name} cannot be started with ${file}${system === undefined ? '' : ` as the user ${SERVICE_USER}`}`;
  if (system === undefined) return { kind: 'run', command: node, args: words.slice(1), failed };
  const { groups } = system.scope;
  const rights = groups.length === 0 ? ['--clear-groups'] : ['--groups', groups.join(',')];
  const args = ['--reuid', SERVICE_USER, '--regid', SERVICE_USER, ...rights, '--no-new-privs', '--', ...words];
  return { kind: 'run', command: 'setpriv', args, failed };
}

function writeUnit(unit: UnitPlan, path: string, { name, isUser, isStarted }: Request): Step[] {
  const whose = isUser ? ['--user'] : [];
  const systemctl = (...args: string[]): Step => ({ kind: 'run', command: 'systemctl', args: [...whose, ...args] });
  return [
    { kind: 'write', path, text: renderUnit(unit) },
    systemctl('daemon-reload'),
    systemctl('enable', '--quiet', unitName(name)),
    ...(isStarted
      ? [
          {
            kind: 'run' as const,
            command: 'systemctl',
            args: [...whose, 'restart', unitName(name)],
            failed: `${unitName(name)} is installed and could not be started`,
            logOf: [...whose, '--unit', unitName(name), '--lines', '20', '--no-pager', '--output', 'cat'],
          },
        ]
      : []),
  ];
}

function pageProblems({ role }: Request): string[] {
  if (role.name !== 'dashboard' || dashboardPage() !== undefined) return [];
  return ['the page of the dashboard is not built: npm run build in the folder of sv2kit builds it'];
}

function foreignUnit(path: string): string[] {
  if (!existsSync(path) || readFileSync(path, 'utf8').startsWith(UNIT_MARK)) return [];
  return [`${path} is there already and was not written by this command: move it away, or choose another --name`];
}

/** Why this cannot be done on this machine, by this user. */
function cannotHere({ role, isUser, file }: Request, { platform, hasSystemd, uid }: Machine): string[] {
  const byHand = `sv2kit ${role.name} --config ${file}`;
  if (platform !== 'linux') {
    return [`systemd is of Linux; here, have launchd or the like run: ${byHand}`];
  }
  if (!hasSystemd) {
    return [
      `systemd does not run this machine; in a container make this its command: ${byHand}. The unit for another machine: sv2kit service show ${role.name}`,
    ];
  }
  return uid === 0 || isUser
    ? []
    : ['a service of the machine wants root: sudo, or --user for one of your own account'];
}

function refuse(problems: readonly string[]): number {
  if (problems.length === 0) return EXIT.ok;
  throw new CommandError(
    problems.length === 1
      ? (problems[0] ?? '')
      : `this is in the way\n${problems.map((line) => `  ${line}`).join('\n')}`,
  );
}

function closingWords({ name, isUser, isStarted }: Request): string {
  const [unit, whose] = [unitName(name), isUser ? ' --user' : ''];
  const lines = [
    ...(isStarted ? [] : [`  systemctl${whose} start ${unit}       starts it now`]),
    `  systemctl${whose} status ${unit}      how it is`,
    `  journalctl${whose} -u ${unit} -f      its log`,
    `  systemctl${whose} reload ${unit}      takes up a changed configuration`,
    ...(isUser ? ['  loginctl enable-linger           lets it run while you are not logged in'] : []),
  ];
  const state = isStarted ? 'runs, and is started with the machine' : 'is installed, and is started with the machine';
  return `\n${unit} ${state}.\n${lines.join('\n')}\n`;
}

export const installService = {
  name: 'install',
  summary: 'Makes a role a service that starts with the machine.',
  help,
  run,
};
