import { isIP } from 'node:net';
import { type Value, WrongValue } from './field.ts';
import { texts } from './values.ts';

/** A list of addresses and subnets, "10.0.0.0/8" or "2001:db8::1"; in the environment separated by commas. */
export function addressRanges(sample: readonly string[], help: string): Value<readonly string[]> {
  const list = texts(sample, help);
  return {
    ...list,
    type: 'list of addresses or subnets',
    read(raw, origin) {
      const given = list.read(raw, origin);
      const problems = [...given.entries()].flatMap(([index, entry]) => {
        const problem = problemOf(entry);
        return problem === undefined ? [] : [`at [${index}]: "${entry}" ${problem}`];
      });
      if (problems.length > 0) throw new WrongValue(problems.join('; '));
      return given;
    },
  };
}

function problemOf(entry: string): string | undefined {
  const [address = '', prefix, ...more] = entry.split('/');
  const family = isIP(address);
  if (family === 0 || address.includes('%') || more.length > 0) return 'is no IP address and no subnet, say 10.0.0.0/8';
  if (prefix === undefined) return undefined;
  const bits = family === 4 ? 32 : 128;
  return /^\d{1,3}$/.test(prefix) && Number(prefix) <= bits ? undefined : `has no prefix between /0 and /${bits}`;
}
