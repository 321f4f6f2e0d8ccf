import { dirname, resolve } from 'node:path';

/** What a service does with a path that its configuration names. */
export type PathUse =
  /** Reads a secret of its own. */
  | 'secret'
  /** Reads what anybody may read. */
  | 'public'
  /** Reads what is a Bitcoin node's. */
  | 'node'
  /** Makes a secret where there is none. */
  | 'made-secret'
  /** Keeps its data in the folder. */
  | 'data';

export interface ConfigPath {
  /** As TOML has it. */
  readonly key: string;
  /** Absolute. */
  readonly path: string;
  readonly use: PathUse;
}

const USES: Readonly<Record<string, PathUse>> = {
  dataDir: 'data',
  tokenKeyFile: 'made-secret',
  cookieFile: 'node',
  ipc: 'node',
  certificateFile: 'public',
  certFile: 'public',
  caFile: 'public',
};

/**
 * The files and folders that a configuration names.
 *
 * @param values as they were read: paths are absolute
 * @param text the file's, for its `file:PATH`, of which the values have what is in the files
 * @param file where the text is
 */
export function pathsOfConfig(values: object, text: string, file: string): readonly ConfigPath[] {
  return [...declared(values, ''), ...secretsIn(text, dirname(resolve(file)))];
}

function* declared(table: object, above: string): Generator<ConfigPath> {
  for (const [name, value] of Object.entries(table)) {
    const key = `${above}${name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)}`;
    if (typeof value === 'string') {
      const use = USES[name] ?? (name.endsWith('File') ? 'secret' : undefined);
      if (use !== undefined) yield { key, path: value, use };
    } else if (Array.isArray(value)) {
      for (const [index, each] of value.entries()) {
        if (isTable(each)) yield* declared(each, `${key}[${index}].`);
      }
    } else if (isTable(value)) yield* declared(value, `${key}.`);
  }
}

function* secretsIn(text: string, folder: string): Generator<ConfigPath> {
  for (const [, key = '', path = ''] of text.matchAll(/^\s*([\w-]+)\s*=[^#\n]*["']file:([^"'\n]+)["']/gm)) {
    yield { key, path: resolve(folder, path), use: 'secret' };
  }
}

/** Ports on which the configuration has the service listen. */
export function portsOfConfig(values: object): readonly number[] {
  return Object.entries(values).flatMap(([name, value]) => {
    if (!isTable(value)) return [];
    if (/^listen|^monitoring$/.test(name)) return 'port' in value ? [Number(value.port)] : [];
    return portsOfConfig(value);
  });
}

function isTable(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
