import { EXIT, parseOptions } from '@sv2kit/daemon';
import type { Terminal } from '../terminal.ts';
import { FOLDERS } from './machine.ts';
import { STANDARD_PLACE } from './place.ts';
import { type Runnable, runnableOf, sharesTokenKey, unitsBefore } from './runnable.ts';
import { nameOf } from './service-name.ts';
import { renderUnit } from './unit.ts';

const help = `Prints the unit of a role as it is for sv2kit in ${STANDARD_PLACE.root} and a configuration in ${FOLDERS.configuration}. What
'install' would write here: sv2kit service install ROLE --config FILE --dry-run

Usage: sv2kit service show ROLE [--user] [--name NAME]

      --user        for one person's own manager
      --name NAME   for one of several services of the role; the role when left out

Examples:
  sv2kit service show pool > sv2kit-pool.service
  sv2kit service show template-provider --name miner-templates
`;

function run(argv: readonly string[], terminal: Terminal): number {
  const options = { user: { type: 'boolean' }, name: { type: 'string' } } as const;
  const { values, positionals } = parseOptions(argv, options, 1);
  const role = runnableOf(positionals[0]);
  terminal.out(standardUnit(role, nameOf(role.name, values.name), values.user === true));
  return EXIT.ok;
}

function standardUnit(role: Runnable, name: string, isUser: boolean): string {
  const { node, main, root } = STANDARD_PLACE;
  return renderUnit({
    name,
    description: descriptionOf(role, name),
    command: [node, main, role.name, '--config', `${FOLDERS.configuration}/${name}.toml`],
    documentation: `${root}/docs/OPERATING.md`,
    after: unitsBefore(role.name),
    drainSeconds: 5,
    scope: isUser
      ? { kind: 'user' }
      : {
          kind: 'system',
          user: 'sv2kit',
          groups: [],
          stateFolders: [`sv2kit/${name}`, ...(sharesTokenKey(role.name) ? ['sv2kit/shared'] : [])],
          configurationFolder: 'sv2kit',
          writes: [],
          hasLowPort: false,
        },
  });
}

/** One line for lists of units. */
export function descriptionOf(role: Runnable, name: string): string {
  return `sv2kit ${name}: ${role.summary.replace(/\.$/, '')}`;
}

export const show = { name: 'show', summary: 'Prints the unit of a role.', help, run };
