import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parse, TomlError } from 'smol-toml';
import { systemReason } from '../identity/key-file.ts';
import type { Config } from './config.ts';
import { readEnvironment } from './environment.ts';
import { ConfigError } from './problem.ts';
import { type Reading, readTable } from './read.ts';

/** Where a configuration is read from. */
export interface ConfigSources {
  /** The app's name; its environment variables begin with `SV2KIT_<NAME>__`. */
  readonly name: string;
  /** TOML file, relative to `workingFolder`. */
  readonly file?: string | undefined;
  readonly environment?: NodeJS.ProcessEnv;
  readonly workingFolder?: string;
}

/**
 * Reads a declared configuration: defaults, then the TOML file, then the environment.
 *
 * @throws ConfigError naming file, key, what was wrong and an example of right, for every problem found.
 */
export function loadConfig<T>(config: Config<T>, sources: ConfigSources): T {
  const workingFolder = sources.workingFolder ?? process.cwd();
  const text = sources.file === undefined ? '' : readFile(sources.file, workingFolder);
  return parseConfig(config, text, sources);
}

/** As `loadConfig`, with the TOML text given; `sources.file` only names it in messages and anchors paths. */
export function parseConfig<T>(config: Config<T>, text: string, sources: ConfigSources): T {
  const workingFolder = sources.workingFolder ?? process.cwd();
  const reading: Reading = {
    file: sources.file,
    fileFolder: sources.file === undefined ? workingFolder : dirname(resolve(workingFolder, sources.file)),
    workingFolder,
    problems: [],
  };
  const environment = readEnvironment(sources.name, sources.environment ?? {});
  // readTable yields exactly the fields declared, each read by its own reader: the shape that T was inferred from.
  const values = readTable(config.fields, parseToml(text, sources.file ?? ''), environment, '', reading) as T;
  if (reading.problems.length > 0) throw new ConfigError(reading.problems);
  const mismatches = config.check(values);
  if (mismatches.length > 0) {
    throw new ConfigError(mismatches.map((mismatch) => ({ source: sources.file ?? '', ...mismatch })));
  }
  return values;
}

function readFile(file: string, workingFolder: string): string {
  try {
    return readFileSync(resolve(workingFolder, file), 'utf8');
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
    const wrong = code === 'ENOENT' ? 'there is no such file' : systemReason(cause);
    throw new ConfigError([{ source: file, key: '', wrong }], { cause });
  }
}

/** A TOML file's text and what it holds. @throws ConfigError when it cannot be read or is no TOML */
export function readToml(
  file: string,
  workingFolder: string = process.cwd(),
): { readonly text: string; readonly table: Readonly<Record<string, unknown>> } {
  const text = readFile(file, workingFolder);
  return { text, table: parseToml(text, file) };
}

function parseToml(text: string, source: string): Record<string, unknown> {
  try {
    return parse(text);
  } catch (cause) {
    if (!(cause instanceof TomlError)) throw cause;
    const reason = cause.message.split('\n')[0] ?? '';
    const wrong = `line ${cause.line}, column ${cause.column}: ${reason}`;
    throw new ConfigError([{ source, key: '', wrong }], { cause });
  }
}
