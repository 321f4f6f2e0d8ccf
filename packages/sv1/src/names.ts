import { readDifficulty } from './difficulty.ts';

/** What a miner's password asks for; passwords are no secrets here. */
export interface PasswordFields {
  /** `d=`: the difficulty to start with. */
  readonly difficulty: number | undefined;
  /** `md=`: never less than this. */
  readonly minimumDifficulty: number | undefined;
  /** `fixed`: the difficulty of `d=` shall stay. */
  readonly fixed: boolean;
}

/** Reads `d=1024`, `x,md=512`, `d=1024;fixed` and their like; everything else in a password is noise. */
export function readPassword(password: string): PasswordFields {
  const fields = new Map<string, string>();
  for (const part of password.toLowerCase().split(/[,;&\s]+/)) {
    const [key = '', ...value] = part.split('=');
    if (!fields.has(key)) fields.set(key, value.join('='));
  }
  const difficulty = readDifficulty(fields.get('d'));
  return {
    difficulty,
    minimumDifficulty: readDifficulty(fields.get('md')),
    fixed: fields.has('fixed') && difficulty !== undefined,
  };
}

/** The two parts of a user name; either may be empty. */
export interface UserIdentity {
  readonly account: string;
  readonly worker: string;
}

/** Splits `account.worker`, or else `account_worker`, at its first separator; percent escapes are undone first. */
export function splitUsername(username: string): UserIdentity {
  const text = unescaped(username).trim();
  const dot = text.indexOf('.');
  const at = dot === -1 ? text.indexOf('_') : dot;
  return at === -1 ? { account: text, worker: '' } : { account: text.slice(0, at), worker: text.slice(at + 1) };
}

function unescaped(text: string): string {
  if (!/%[0-9a-f]{2}/i.test(text)) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
