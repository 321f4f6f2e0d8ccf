// npm run bench -- [name ...]: runs bench files, each in a process of its own, and prints tables for docs/BENCHMARKS.md.
import { spawnSync } from 'node:child_process';
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { machine } from './machine.ts';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const micro = globSync('{packages,apps}/*/bench/*.bench.ts', { cwd: root }).sort();
const system = globSync('tools/bench/src/system/*.bench.ts', { cwd: root }).sort();

const help = `Usage: npm run bench -- [name ...]

Measures and prints median and spread. A name may be a part of a file's path; without one everything is measured.

Each package's own:
${micro.map((file) => `  ${file}`).join('\n')}
Whole processes:
${system.map((file) => `  ${file}`).join('\n')}

Examples:
  npm run bench -- codec
  npm run bench -- noise bitcoin
  npm run bench -- pool-shares
`;

function main(names: readonly string[]): number {
  if (names.includes('--help') || names.includes('-h')) {
    console.log(help);
    return 0;
  }
  const wanted = (file: string) => names.length === 0 || names.some((name) => file.includes(name));
  const chosen = [...micro, ...system].filter(wanted);
  if (chosen.length === 0) {
    console.error(`bench: nothing is named like ${names.join(', ')}\n\n${help}`);
    return 2;
  }
  console.log(machine());
  for (const file of chosen) {
    const args = micro.includes(file) ? [join(root, 'tools/bench/src/micro.ts'), file] : [join(root, file)];
    const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
    if (status !== 0) return 1;
  }
  return 0;
}

process.exitCode = main(process.argv.slice(2));
