// npm run bench -- [name ...] [options]: runs bench files, each in a process of its own, and prints tables.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { machine } from './machine.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const micro = globSync('{packages,apps}/*/bench/*.bench.ts', { cwd: root }).sort();
const system = globSync('tools/bench/src/system/*.bench.ts', { cwd: root }).sort();

const help = `Usage: npm run bench -- [name ...] [--option value ...]

Measures and prints median and spread. A name may be a part of a file's path; without one everything is measured.
Options go to the benches of whole processes, which list them in their first lines.

Each package's own:
${micro.map((file) => `  ${file}`).join('\n')}
Whole processes:
${system.map((file) => `  ${file}`).join('\n')}

Examples:
  npm run bench -- codec
  npm run bench -- noise bitcoin
  npm run bench -- pool-shares
  npm run bench -- fan-out --connections 2000 --runs 20
`;

function main(args: readonly string[]): number {
  if (args.includes('--help') || args.includes('-h')) {
    console.log(help);
    return 0;
  }
  const firstOption = args.findIndex((arg) => arg.startsWith('--'));
  const names = firstOption < 0 ? args : args.slice(0, firstOption);
  const options = firstOption < 0 ? [] : args.slice(firstOption);
  const wanted = (file: string) => names.length === 0 || names.some((name) => file.includes(name));
  const chosen = [...micro, ...system].filter(wanted);
  if (chosen.length === 0) {
    console.error(`bench: nothing is named like ${names.join(', ')}\n\n${help}`);
    return 2;
  }
  console.log(machine());
  for (const file of chosen) {
    const command = micro.includes(file) ? ['tools/bench/src/micro.ts', file] : [file, ...options];
    const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: 'inherit' });
    if (status !== 0) return 1;
  }
  return 0;
}

process.exitCode = main(process.argv.slice(2));
