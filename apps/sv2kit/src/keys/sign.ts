import { randomBytes } from 'node:crypto';
import {
  EXIT,
  formatCertificateFile,
  parseOptions,
  readSecretFile,
  UsageError,
  writeCertificateFile,
} from '@sv2kit/daemon';
import { certificateValidity, issueCertificate, publicKeyOf } from '@sv2kit/noise';
import type { Terminal } from '../terminal.ts';
import { date } from './text.ts';

const DEFAULT_DAYS = 90;
const DAY = 86_400;

const help = `Signs a server's static key with an authority's key.

Usage: sv2kit keys sign --authority FILE --static FILE|HEX [--days N] [--out FILE]

  -a, --authority FILE    the authority's key file
  -s, --static FILE|HEX   the server's static key: its file, or its public key in hexadecimal
  -d, --days N            how long the certificate is valid; ${DEFAULT_DAYS} by default
  -o, --out FILE          where to write the certificate, replacing an older one; standard output by default

The certificate is back-dated by an hour, for devices whose clock is slow. A running service reads a renewed file by
itself.

Examples:
  sv2kit keys sign --authority authority.key --static pool.key --out pool.cert
  sv2kit keys sign -a authority.key -s 5cbdf0646e5db4ea… -d 365 > pool.cert
`;

const OPTIONS = {
  authority: { type: 'string', short: 'a' },
  static: { type: 'string', short: 's' },
  days: { type: 'string', short: 'd' },
  out: { type: 'string', short: 'o' },
} as const;

function run(argv: readonly string[], terminal: Terminal): number {
  const { values } = parseOptions(argv, OPTIONS);
  if (values.authority === undefined) throw new UsageError('--authority FILE is missing');
  if (values.static === undefined) throw new UsageError('--static FILE|HEX is missing');
  const lifetime = readDays(values.days) * DAY;
  const authoritySecret = readSecretFile(values.authority, 'authority-secret');
  const staticPublicKey = readStatic(values.static);
  const certificate = issueCertificate({
    authoritySecret,
    staticPublicKey,
    ...certificateValidity(Math.floor(terminal.now() / 1000), lifetime),
    auxRand: randomBytes(32),
  });
  const content = { certificate, staticPublicKey, authorityPublicKey: publicKeyOf(authoritySecret) };
  if (values.out === undefined) {
    terminal.out(formatCertificateFile(content));
  } else {
    writeCertificateFile(values.out, content);
    terminal.out(`${values.out}: valid until ${date(certificate.notValidAfter)}\n`);
  }
  return EXIT.ok;
}

function readDays(text: string | undefined): number {
  const days = text === undefined ? DEFAULT_DAYS : Number(text);
  if (!Number.isFinite(days) || days <= 0 || days > 36_500)
    throw new UsageError(`--days ${text} is not a number of days`);
  return days;
}

function readStatic(given: string): Uint8Array {
  if (/^[0-9a-f]{64}$/i.test(given)) return Uint8Array.from(Buffer.from(given, 'hex'));
  return publicKeyOf(readSecretFile(given, 'static-secret'));
}

export const signKey = { name: 'sign', summary: "Signs a server's static key: makes its certificate.", help, run };
