import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { nodeAccess } from './access.ts';
import type { Machine } from './machine.ts';
import type { ConfigPath } from './paths-of-config.ts';
import { isWithin, type Place, placeFault, unusable } from './place.ts';
import type { Request } from './request.ts';
import { sharesTokenKey } from './runnable.ts';
import type { Step } from './steps.ts';
import type { SystemScope } from './unit.ts';

/** The user that all services of the machine run as: they share keys, and a backup can be put back. */
export const SERVICE_USER = 'sv2kit';

/** What installing a service of the machine comes to. */
export interface SystemPlan {
  readonly scope: SystemScope;
  /** User, folders, and files handed over: before the configuration is checked as that user. */
  readonly preparations: readonly Step[];
  /** What cannot be seen from here. */
  readonly notes: readonly string[];
  /** Why it would not run; nothing is done then. */
  readonly problems: readonly string[];
}

export function planSystem(request: Request, place: Place, machine: Machine): SystemPlan {
  const { folders } = machine;
  const { role, name, file, paths, hasLowPort } = request;
  const own = join(folders.state, name);
  const states = [own, ...(sharesTokenKey(role.name) ? [join(folders.state, 'shared')] : [])];
  const isStateful = paths.some(({ use }) => use === 'data' || use === 'made-secret');
  const data = paths.filter(({ use }) => use === 'data').map(({ path }) => path);
  const writes = data.filter((path) => !states.some((folder) => isWithin(path, folder)));
  const nodes = paths.filter(({ use }) => use === 'node').map(({ path }) => nodeAccess(path, machine));
  const found = nodes.flatMap((access) => (access.kind === 'group' ? [access.group] : []));
  const isOwnFolder = isWithin(file, folders.configuration);
  return {
    scope: {
      kind: 'system',
      user: SERVICE_USER,
      groups: [...new Set([...found, ...request.groups])],
      stateFolders: isStateful ? states.map((folder) => folder.replace(`${dirname(folders.state)}/`, '')) : [],
      ...(isOwnFolder ? { configurationFolder: 'sv2kit' } : {}),
      writes,
      hasLowPort,
    },
    preparations: [
      ...account(machine),
      ...(isStateful ? makeFolders([folders.state], 'root', '0755') : []),
      ...(isStateful ? makeFolders([...states, ...writes], SERVICE_USER, '0700') : []),
      ...(isStateful ? giveBack([...states, ...writes].filter((folder) => existsSync(folder))) : []),
      ...handOver(request, machine),
    ],
    notes: nodes.flatMap((access) => (access.kind === 'unknown' && request.groups.length === 0 ? [access.note] : [])),
    problems: [
      ...asList(placeFault(place)).map((fault) => `${fault}: install sv2kit in a folder such as /opt/sv2kit`),
      ...asList(unusable(file)).map((fault) => `${file} ${fault}: move it to ${folders.configuration}`),
      ...paths.flatMap((path) => pathProblems(path, request, machine)),
      ...nodes.flatMap((access) => (access.kind === 'closed' ? [access.problem] : [])),
    ],
  };
}

/** A system user, which is there again on a machine that is set up anew from its files. */
function account({ folders }: Machine): Step[] {
  const path = join(folders.sysusers, 'sv2kit.conf');
  return [
    {
      kind: 'write',
      path,
      text: `# The user that the services of sv2kit run as.\nu ${SERVICE_USER} - "sv2kit mining services" ${folders.state}\n`,
    },
    { kind: 'run', command: 'systemd-sysusers', args: [path], failed: 'the user could not be made' },
  ];
}

function makeFolders(folders: readonly string[], owner: string, mode: string): Step[] {
  return folders.map((folder) => ({
    kind: 'run',
    command: 'install',
    args: ['-d', '-o', owner, '-g', owner, '-m', mode, folder],
  }));
}

/** What was put back out of a backup is root's; systemd only looks at the folder itself. */
function giveBack(folders: readonly string[]): Step[] {
  if (folders.length === 0) return [];
  return [{ kind: 'run', command: 'chown', args: ['-Rh', `${SERVICE_USER}:${SERVICE_USER}`, ...folders] }];
}

/** In the folder of configurations: the file is the root's and the service may read it; secrets have to be its own. */
function handOver({ file, paths }: Request, { folders }: Machine): Step[] {
  const isOurs = ({ path }: ConfigPath): boolean => isWithin(path, folders.configuration) && existsSync(path);
  const run = (command: string, ...args: string[]): Step => ({ kind: 'run', command, args });
  const secrets = paths.filter((path) => (path.use === 'secret' || path.use === 'made-secret') && isOurs(path));
  const open = paths.filter((path) => path.use === 'public' && isOurs(path)).map(({ path }) => path);
  const read = isWithin(file, folders.configuration) ? [file, ...open] : open;
  return [
    ...(isWithin(file, folders.configuration) ? [run('chgrp', SERVICE_USER, folders.configuration)] : []),
    ...(isWithin(file, folders.configuration) ? [run('chmod', '0750', folders.configuration)] : []),
    ...(read.length === 0 ? [] : [run('chgrp', SERVICE_USER, ...read), run('chmod', '0640', ...read)]),
    ...secrets.flatMap(({ path }) => [
      run('chown', `${SERVICE_USER}:${SERVICE_USER}`, path),
      run('chmod', '0600', path),
    ]),
  ];
}

function pathProblems({ key, path, use }: ConfigPath, { name, file }: Request, { folders }: Machine): string[] {
  const fault = unusable(path);
  if (use === 'node') {
    const remedy = 'have the node keep it elsewhere, or install the service as that user with --user';
    return fault === undefined ? [] : [`${key}: ${path} ${fault}: ${remedy}`];
  }
  const better = (value: string): string =>
    `${key}: ${path} is among the configurations, which services cannot write: say ${key.split('.').at(-1) ?? key} = "${value}" in ${file}`;
  const isAmong = isWithin(path, folders.configuration);
  if (use === 'data' && isAmong) return [better(join(folders.state, name))];
  if (use === 'made-secret' && isAmong && !existsSync(path)) {
    return [better(join(folders.state, 'shared', 'job-tokens.key'))];
  }
  return fault === undefined ? [] : [`${key}: ${path} ${fault}`];
}

function asList(fault: string | undefined): string[] {
  return fault === undefined ? [] : [fault];
}
