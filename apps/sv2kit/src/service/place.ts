import { accessSync, constants, existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the program is that a service runs. */
export interface Place {
  /** The folder that everything is in. */
  readonly root: string;
  /** Node itself, by a path that outlives its next version. */
  readonly node: string;
  /** The file that Node is to run. */
  readonly main: string;
}

/** Where the README and the committed units have it. */
export const STANDARD_PLACE: Place = placeIn('/opt/sv2kit');

/** Of the program that is running. */
export function ownPlace(): Place {
  // apps/sv2kit/src/service/place.ts
  const checkout = placeIn(fileURLToPath(new URL('../../../..', import.meta.url)));
  if (isSameFile(checkout.node, process.execPath) && existsSync(checkout.main)) return checkout;
  const main = fileURLToPath(new URL(`../main${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));
  return { root: dirname(dirname(main)), node: process.execPath, main };
}

/** Folders that a unit hides, or that do not last. */
const HIDDEN = ['/home', '/root', '/run/user'];
const FLEETING = ['/tmp', '/var/tmp', '/dev/shm', '/run'];

/** Why a service of the machine could not use a path; undefined when it could. */
export function unusable(path: string): string | undefined {
  if (HIDDEN.some((folder) => isWithin(path, folder))) return 'is in a home folder, which services cannot see';
  if (FLEETING.some((folder) => isWithin(path, folder))) return 'is in a folder that does not last';
  return undefined;
}

/** What keeps a service of the machine from running the program there, in words. */
export function placeFault({ root, node, main }: Place): string | undefined {
  const real = realpathSync(root);
  const fault = unusable(real);
  if (fault !== undefined) return `${real} ${fault}`;
  for (const path of [root, node, main]) {
    if (/[\s"'\\%$;#]/.test(path)) return `${path} has characters that a unit cannot name without trouble`;
  }
  const open = foldersAbove(join(real, 'apps')).find((folder) => (statSync(folder).mode & 0o022) === 0o022);
  if (open !== undefined) return `${open} may be written by everybody, who could change what the service runs`;
  try {
    accessSync(node, constants.X_OK);
    accessSync(main, constants.R_OK);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Whether `path` is `folder` or below it. */
export function isWithin(path: string, folder: string): boolean {
  const whole = resolve(folder);
  return resolve(path) === whole || resolve(path).startsWith(whole.endsWith(sep) ? whole : `${whole}${sep}`);
}

function placeIn(folder: string): Place {
  const root = resolve(folder);
  return { root, node: join(root, 'node_modules/.bin/node'), main: join(root, 'apps/sv2kit/src/main.ts') };
}

function isSameFile(one: string, other: string): boolean {
  try {
    return realpathSync(one) === realpathSync(other);
  } catch {
    return false;
  }
}

function foldersAbove(path: string): string[] {
  const folder = dirname(path);
  return folder === path ? [] : [...foldersAbove(folder), folder];
}
