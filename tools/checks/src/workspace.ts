import { existsSync, globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's top folder. */
export const root = fileURLToPath(new URL('../../..', import.meta.url));

/** One package, app or tool. */
export interface Member {
  /** Folder relative to the root, for example `packages/codec`. */
  readonly path: string;
  readonly name: string;
  readonly dependencies: readonly string[];
  /** The Node versions that its manifest names. */
  readonly node: string | undefined;
}

interface Manifest {
  readonly name: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly engines?: { readonly node?: string };
}

/** The workspace's members below `packages`, `apps` or `tools`. */
export function membersOf(...folders: readonly string[]): readonly Member[] {
  return folders
    .flatMap((folder) => globSync(`${folder}/*/package.json`, { cwd: root }))
    .filter((file) => existsSync(join(root, file)))
    .sort()
    .map((file) => {
      const manifest = JSON.parse(readFileSync(join(root, file), 'utf8')) as Manifest;
      return {
        path: file.slice(0, -'/package.json'.length),
        name: manifest.name,
        dependencies: Object.keys(manifest.dependencies ?? {}),
        node: manifest.engines?.node,
      };
    });
}

/** A member's source files, relative to the root; not its tests and benches. */
export function sourcesOf(member: Member): readonly string[] {
  return globSync(`${member.path}/src/**/*.ts`, { cwd: root }).sort();
}

const IMPORT =
  /(?:^|\s)(?:import|export)\b[^'";]*?\bfrom\s*['"]([^'"]+)['"]|\bimport\s*\(\s*['"]([^'"]+)['"]|^import\s*['"]([^'"]+)['"]/gm;

/** What a source file imports: the specifiers as written. Comments are left out. */
export function importsOf(file: string): readonly string[] {
  const code = readFileSync(join(root, file), 'utf8')
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/^\s*\/\/.*$/gm, '');
  return [...code.matchAll(IMPORT)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
}

/** A member's short name, for example `codec`. */
export const shortName = (member: Member): string => basename(member.path);
