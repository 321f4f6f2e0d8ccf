import { readFileSync } from 'node:fs';
import { EXIT, parseOptions, readCertificateFile, readSecretFile, UsageError } from '@sv2kit/daemon';
import { formatAuthorityKey, NoiseError, publicKeyOf, verifyCertificate } from '@sv2kit/noise';
import { CommandError } from '../command.ts';
import type { Terminal } from '../terminal.ts';
import { date, hex } from './text.ts';

const help = `Shows what a key or certificate file is about. Never shows a secret.

Usage: sv2kit keys show FILE

For a certificate: whose key it is for, who signed it, its dates, and whether it is good now. Ends with 1 when it is not.

Examples:
  sv2kit keys show authority.key
  sv2kit keys show pool.cert
`;

function run(argv: readonly string[], terminal: Terminal): number {
  const [file] = parseOptions(argv, {}, 1).positionals;
  if (file === undefined) throw new UsageError('the FILE to show is missing');
  const kind = kindOf(file);
  if (kind === 'certificate') return showCertificate(file, terminal);
  const publicKey = publicKeyOf(readSecretFile(file, kind));
  const shown = kind === 'authority-secret' ? formatAuthorityKey(publicKey) : hex(publicKey);
  terminal.out(`${kind === 'authority-secret' ? 'authority' : 'static'} key\n  public key  ${shown}\n`);
  return EXIT.ok;
}

function showCertificate(file: string, terminal: Terminal): number {
  const { certificate, staticPublicKey, authorityPublicKey } = readCertificateFile(file);
  const verdict = judge(() =>
    verifyCertificate(certificate, staticPublicKey, authorityPublicKey, terminal.now() / 1000),
  );
  terminal.out(
    [
      'certificate',
      `  static key  ${hex(staticPublicKey)}`,
      `  authority   ${formatAuthorityKey(authorityPublicKey)}`,
      `  valid from  ${date(certificate.validFrom)}`,
      `  valid until ${date(certificate.notValidAfter)}`,
      `  verdict     ${verdict ?? 'good'}`,
      '',
    ].join('\n'),
  );
  return verdict === undefined ? EXIT.ok : EXIT.failed;
}

/** What is wrong, or undefined. */
function judge(verify: () => void): string | undefined {
  try {
    verify();
    return undefined;
  } catch (error) {
    if (error instanceof NoiseError) return error.message;
    throw error;
  }
}

function kindOf(file: string): 'authority-secret' | 'static-secret' | 'certificate' {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new CommandError(`${file}: cannot be read (${cause instanceof Error ? cause.message : cause})`, { cause });
  }
  const kind = /^(authority-secret|static-secret|certificate)\b/m.exec(text)?.[1];
  if (kind === 'authority-secret' || kind === 'static-secret' || kind === 'certificate') return kind;
  throw new CommandError(`${file}: is neither a key nor a certificate that sv2kit has made`);
}

export const showKeys = { name: 'show', summary: 'Shows the public side of a key, or a certificate.', help, run };
