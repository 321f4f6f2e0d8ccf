import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { systemClock } from './clock.ts';
import { tomlKey } from './config/names.ts';
import { ConfigError, type Problem } from './config/problem.ts';
import { checkIdentity } from './identity/identity.ts';
import type { IdentityConfig } from './identity/identity-config.ts';
import { systemReason } from './identity/key-file.ts';
import { tokenKeyFault } from './job-declaration/token-key.ts';
import { silentLogger } from './logger.ts';

/** A value of a configuration, its name and its key in TOML form. */
interface Named {
  readonly name: string;
  readonly key: string;
  readonly value: unknown;
}

/**
 * What is wrong with the files that a configuration names, which a start would find: keys, certificates, cookies. Reads
 * only; what a start would make is not made.
 */
export function fileProblems(values: object): readonly Problem[] {
  return [...everyValue(values)].flatMap((named) => problemsOf(named).map((problem) => ({ source: '', ...problem })));
}

/** Keys of the URLs of Stratum V2 servers that name no authority: such a server is not authenticated. */
export function unauthenticated(values: object): readonly string[] {
  return [...everyValue(values)].flatMap(({ name, key, value }) => {
    if (!/url$/i.test(name) || typeof value !== 'object' || value === null) return [];
    const isV2 = 'host' in value && 'port' in value && !('tls' in value);
    return isV2 && !('authority' in value && value.authority !== undefined) ? [key] : [];
  });
}

/** What is said of such a URL. */
export const NOT_AUTHENTICATED =
  'the URL ends without an authority key: the server is not authenticated, whoever is on the way may stand in for it';

function problemsOf({ name, key, value }: Named): readonly Omit<Problem, 'source'>[] {
  if (name === 'identity' && typeof value === 'object') return identityProblems(value as IdentityConfig);
  if (typeof value !== 'string') return [];
  const wrong = name === 'tokenKeyFile' ? tokenKeyFault(value) : name === 'cookieFile' ? cookieFault(value) : undefined;
  return wrong === undefined ? [] : [{ key, wrong }];
}

function identityProblems(identity: IdentityConfig): readonly Problem[] {
  try {
    checkIdentity(identity, { clock: systemClock, log: silentLogger });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

/** A node that does not run has no cookie; the folder is there even so. */
function cookieFault(file: string): string | undefined {
  const isThere = existsSync(file);
  try {
    accessSync(isThere ? file : dirname(file), constants.R_OK);
    return undefined;
  } catch (cause) {
    return isThere ? `${file}: ${systemReason(cause)}` : `${dirname(file)}: ${systemReason(cause)}`;
  }
}

function* everyValue(table: object, above = ''): Generator<Named> {
  for (const [name, value] of Object.entries(table)) {
    const key = `${above}${tomlKey(name)}`;
    yield { name, key, value };
    if (Array.isArray(value)) {
      for (const [index, each] of value.entries()) {
        if (isTable(each)) yield* everyValue(each, `${key}[${index}].`);
      }
    } else if (isTable(value)) yield* everyValue(value, `${key}.`);
  }
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
