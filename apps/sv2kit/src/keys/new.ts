import { randomBytes } from 'node:crypto';
import { EXIT, parseOptions, UsageError, writeSecretFile } from '@sv2kit/daemon';
import { formatAuthorityKey, publicKeyOf } from '@sv2kit/noise';
import type { Terminal } from '../terminal.ts';
import { hex } from './text.ts';

const help = `Makes a key. The file can be read by its owner only (mode 0600) and an existing one is never overwritten.

Usage: sv2kit keys new [--static] FILE

      --static   a server's static key instead of an authority's

Prints the public key: Base58Check for an authority (what miners are given), hexadecimal for a static key (what
'sv2kit keys sign' takes).

Examples:
  sv2kit keys new authority.key
  sv2kit keys new --static pool.key
`;

function run(argv: readonly string[], terminal: Terminal): number {
  const { values, positionals } = parseOptions(argv, { static: { type: 'boolean' } }, 1);
  const [file] = positionals;
  if (file === undefined) throw new UsageError('the FILE to write is missing');
  const secret = freshSecret();
  const publicKey = publicKeyOf(secret);
  if (values.static === true) {
    writeSecretFile(file, 'static-secret', secret, ['Static secret key of a server.', `Public key: ${hex(publicKey)}`]);
    terminal.out(`${hex(publicKey)}\n`);
  } else {
    const shown = formatAuthorityKey(publicKey);
    writeSecretFile(file, 'authority-secret', secret, [
      'Secret key of an authority. Whoever has it can pose as its servers: keep it offline.',
      `Public key: ${shown}`,
    ]);
    terminal.out(`${shown}\n`);
  }
  return EXIT.ok;
}

/** 32 random bytes in 1..n-1: all but 2^-128 of them are. */
function freshSecret(): Uint8Array {
  return Uint8Array.from(randomBytes(32));
}

export const newKey = { name: 'new', summary: 'Makes a key.', help, run };
