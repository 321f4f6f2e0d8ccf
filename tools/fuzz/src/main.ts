import { parseArgs } from 'node:util';
import { attempt, Finding, fuzz } from './fuzz.ts';
import { targets } from './targets.ts';

const help = `Usage: npm run fuzz -- [options] [target ...]

Feeds damaged input to everything that reads bytes from peers.

  --seconds N     how long, shared among the targets (default: 30)
  --seed N        where the inputs start (default: drawn anew)
  --iteration N   run this one input of the seed, to bring a finding back
  --list          print the targets

A target may be a part of a name. Examples:
  npm run fuzz -- --seconds 300
  npm run fuzz -- --seconds 60 session
  npm run fuzz -- --seed 7 --iteration 1234 noise:seal
Exit code: 0 nothing found, 1 a finding, 2 wrong usage.`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      seconds: { type: 'string', default: '30' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      iteration: { type: 'string' },
      list: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  const [seconds, seed] = [Number(values.seconds), Number(values.seed)];
  const chosen = Object.entries(targets).filter(
    ([name]) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
  );
  if (values.help) return print(help);
  if (values.list) return print(Object.keys(targets).join('\n'));
  if (chosen.length === 0) return usage(`no target is named like ${positionals.join(', ')}; --list prints them`);
  if (!(seconds > 0 && Number.isInteger(seed))) return usage('--seconds takes a number above 0, --seed an integer');
  for (const [name, target] of chosen) {
    if (values.iteration !== undefined) {
      await attempt(name, target, seed, Number(values.iteration));
      continue;
    }
    const end = performance.now() + (seconds * 1000) / chosen.length;
    const runs = await fuzz(name, target, seed, () => performance.now() < end);
    console.log(`${name}: ${runs} inputs, nothing found (seed ${seed})`);
  }
  return 0;
}

function print(text: string): number {
  console.log(text);
  return 0;
}

function usage(text: string): number {
  console.error(`fuzz: ${text}`);
  return 2;
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error);
  process.exitCode = error instanceof Finding ? 1 : 2;
}
