import { randomBytes } from 'node:crypto';
import {
  type Certificate,
  certificateValidity,
  createEllSwiftKeypair,
  type EllSwiftKeypair,
  formatAuthorityKey,
  issueCertificate,
  NoiseError,
  publicKeyOf,
  type ServerIdentity,
  verifyCertificate,
} from '@sv2kit/noise';
import type { Clock } from '../clock.ts';
import { sameValue } from '../config/changes.ts';
import { ConfigError } from '../config/problem.ts';
import type { Condition, Health } from '../health.ts';
import type { Logger } from '../logger.ts';
import type { Apply } from '../service.ts';
import type { IdentityConfig } from './identity-config.ts';
import { isReadableByOthers, KeyFileError, parseCertificateFile, readKeyFileText, readSecretFile } from './key-file.ts';

/** What a listening role presents in its handshakes, kept fresh while it runs. */
export interface Identity extends Disposable {
  /** The static key and certificate of this moment. */
  current(): ServerIdentity;
  /**
   * Prepares to present what another configuration names, or what the same files hold by now, to those who come later.
   *
   * @throws ConfigError when that cannot be used, or is of another authority
   */
  reload(config: IdentityConfig): Apply;
  /** x-only, 32 bytes: what clients are configured with. */
  readonly authorityPublicKey: Uint8Array;
}

export interface IdentityDeps {
  readonly clock: Clock;
  readonly log: Logger;
  /** Gets the condition `certificate` when given. */
  readonly health?: Health;
  /** Random bytes; the system's when left out. */
  readonly random?: (size: number) => Uint8Array;
}

const EXAMPLE = 'authority_secret_file = "authority.key", made by: sv2kit keys new authority.key';
const CHECK_EVERY_MS = 60_000;
const DAY = 86_400;
/** A certificate from a file with less than this left is warned about. */
const WARN_BEFORE = 3 * DAY;
/** One of its own is renewed when less than this part of its life is left. */
const RENEW_BELOW = 1 / 3;

interface Loaded {
  readonly identity: ServerIdentity;
  readonly authorityPublicKey: Uint8Array;
}

/**
 * Loads a role's identity and keeps it fresh: a certificate file is read again every minute, and with a certificate for
 * another static key that key; a certificate issued here is renewed before it expires. Dispose it to stop.
 *
 * @throws ConfigError when the keys cannot be used
 */
export function createIdentity(config: IdentityConfig, deps: IdentityDeps): Identity {
  return new FreshIdentity(config, deps);
}

/**
 * Reads an identity's files as `createIdentity` does, and keeps nothing.
 *
 * @throws ConfigError when the keys cannot be used
 */
export function checkIdentity(config: IdentityConfig, deps: Pick<IdentityDeps, 'clock' | 'log'>): void {
  loadFirst(chooseSource(config, deps));
}

/** A function that yields the identity as of now, given the one before; it throws KeyFileError or NoiseError. */
type Source = (before: Loaded | undefined) => Loaded;

function chooseSource(config: IdentityConfig, deps: IdentityDeps): Source {
  const { staticKeyFile, certificateFile, authoritySecretFile } = config;
  if (authoritySecretFile !== undefined && certificateFile !== undefined) {
    throw unusable('identity.certificate_file', 'cannot go together with authority_secret_file: remove one');
  }
  for (const file of [staticKeyFile, authoritySecretFile]) warnIfReadable(file, deps.log);
  if (authoritySecretFile !== undefined) return issuing(authoritySecretFile, config, deps);
  if (staticKeyFile !== undefined && certificateFile !== undefined) {
    return fromFiles(staticKeyFile, certificateFile, deps);
  }
  const missing = staticKeyFile === undefined ? 'static_key_file' : 'certificate_file';
  throw unusable(
    `identity.${missing}`,
    'is missing: without it (or authority_secret_file) the service cannot prove who it is',
    `${missing} = "${missing === 'static_key_file' ? 'pool.key' : 'pool.cert'}"`,
  );
}

function fromFiles(staticKeyFile: string, certificateFile: string, deps: IdentityDeps): Source {
  let text = '';
  return (before) => {
    const latest = readKeyFileText(certificateFile);
    if (before !== undefined && latest === text) return before;
    const { certificate, staticPublicKey, authorityPublicKey } = parseCertificateFile(certificateFile, latest);
    const isFor = ({ secret }: EllSwiftKeypair) => Buffer.compare(publicKeyOf(secret), staticPublicKey) === 0;
    const present = before?.identity.staticKey;
    const staticKey =
      present !== undefined && isFor(present) ? present : keypair(readSecretFile(staticKeyFile, 'static-secret'), deps);
    if (!isFor(staticKey)) {
      throw new KeyFileError(certificateFile, `is for another static key than the one in ${staticKeyFile}`);
    }
    // Dates are judged apart: a certificate that is not valid now may be once the clock is right.
    verifyCertificate(certificate, staticPublicKey, authorityPublicKey, certificate.validFrom);
    text = latest;
    return { identity: { staticKey, certificate }, authorityPublicKey };
  };
}

function issuing(authoritySecretFile: string, config: IdentityConfig, deps: IdentityDeps): Source {
  return (before) => {
    const now = unixSeconds(deps.clock);
    const lifetime = config.certificateDays * DAY;
    if (before !== undefined && isFresh(before.identity.certificate, now, lifetime)) return before;
    const random = deps.random ?? randomBytes;
    const authoritySecret = readSecretFile(authoritySecretFile, 'authority-secret');
    const { staticKeyFile } = config;
    const staticKey =
      before?.identity.staticKey ??
      keypair(staticKeyFile === undefined ? random(32) : readSecretFile(staticKeyFile, 'static-secret'), deps);
    const certificate = issueCertificate({
      authoritySecret,
      staticPublicKey: publicKeyOf(staticKey.secret),
      ...certificateValidity(now, lifetime),
      auxRand: random(32),
    });
    return { identity: { staticKey, certificate }, authorityPublicKey: publicKeyOf(authoritySecret) };
  };
}

/** Whether enough of its life is left, and it has begun: it has not where the clock was fast when it was issued. */
function isFresh({ validFrom, notValidAfter }: Certificate, now: number, lifetime: number): boolean {
  return now >= validFrom && notValidAfter - now > lifetime * RENEW_BELOW;
}

class FreshIdentity implements Identity {
  readonly authorityPublicKey: Uint8Array;
  #config: IdentityConfig;
  #source: Source;
  readonly #deps: IdentityDeps;
  readonly #condition: Condition | undefined;
  readonly #timer: Disposable;
  #loaded: Loaded;
  readonly #complaints = new Map<'renewal' | 'dates', string>();

  constructor(config: IdentityConfig, deps: IdentityDeps) {
    this.#config = config;
    this.#source = chooseSource(config, deps);
    this.#deps = deps;
    this.#loaded = loadFirst(this.#source);
    this.authorityPublicKey = this.#loaded.authorityPublicKey;
    this.#condition = deps.health?.condition('certificate', undefined, 'certificate');
    this.#judgeDates();
    this.#timer = deps.clock.every(CHECK_EVERY_MS, () => this.#refresh());
    deps.log.info('identity loaded', {
      authority: formatAuthorityKey(this.authorityPublicKey),
      notValidAfter: this.#loaded.identity.certificate.notValidAfter,
    });
  }

  current(): ServerIdentity {
    return this.#loaded.identity;
  }

  reload(config: IdentityConfig): Apply {
    if (sameValue(config, this.#config)) return () => this.#refresh();
    const source = chooseSource(config, this.#deps);
    const loaded = loadFirst(source);
    if (Buffer.compare(loaded.authorityPublicKey, this.authorityPublicKey) !== 0) {
      throw unusable('identity', 'is of another authority, by which nobody knows this service: restart it');
    }
    return () => {
      this.#config = config;
      this.#source = source;
      this.#loaded = loaded;
      this.#complaints.clear();
      this.#judgeDates();
    };
  }

  [Symbol.dispose](): void {
    this.#timer[Symbol.dispose]();
  }

  /** Keeps what it has when there is nothing better. */
  #refresh(): void {
    const { log } = this.#deps;
    try {
      const next = this.#source(this.#loaded);
      if (Buffer.compare(next.authorityPublicKey, this.authorityPublicKey) !== 0) {
        this.#complain('renewal', 'the new certificate is of another authority; restart to change it');
      } else if (this.#isValid(this.#loaded) && !this.#isValid(next)) {
        this.#complain('renewal', 'the new certificate is not valid now: the old one is kept');
      } else {
        if (!sameCertificate(next, this.#loaded)) {
          log.info('certificate renewed', { notValidAfter: next.identity.certificate.notValidAfter });
        }
        this.#loaded = next;
        this.#complaints.delete('renewal');
      }
    } catch (error) {
      if (!(error instanceof KeyFileError || error instanceof NoiseError)) throw error;
      this.#complain('renewal', 'the certificate cannot be renewed', error);
    }
    this.#judgeDates();
  }

  #isValid({ identity }: Loaded): boolean {
    const now = unixSeconds(this.#deps.clock);
    return identity.certificate.validFrom <= now && now <= identity.certificate.notValidAfter;
  }

  /** Says so once, not every minute. */
  #complain(about: 'renewal' | 'dates', message: string, error?: Error): void {
    const complaint = `${message} ${error?.message ?? ''}`;
    if (complaint === this.#complaints.get(about)) return;
    this.#complaints.set(about, complaint);
    this.#deps.log.warn(message, { error });
  }

  #judgeDates(): void {
    const { validFrom, notValidAfter } = this.#loaded.identity.certificate;
    const now = unixSeconds(this.#deps.clock);
    if (now < validFrom) this.#condition?.failing('the certificate is not yet valid, or the clock is slow');
    else if (now > notValidAfter) this.#condition?.failing('the certificate has expired: sign a new one');
    else this.#condition?.ok();
    const left = notValidAfter - now;
    if (left < 0) this.#complain('dates', 'the certificate has expired');
    else if (left < WARN_BEFORE) this.#complain('dates', 'the certificate expires within three days');
    else this.#complaints.delete('dates');
  }
}

function loadFirst(source: Source): Loaded {
  try {
    return source(undefined);
  } catch (cause) {
    if (!(cause instanceof KeyFileError || cause instanceof NoiseError)) throw cause;
    throw new ConfigError([{ source: '', key: 'identity', wrong: cause.message, example: EXAMPLE }], { cause });
  }
}

function sameCertificate(a: Loaded, b: Loaded): boolean {
  return Buffer.compare(a.identity.certificate.signature, b.identity.certificate.signature) === 0;
}

function keypair(secret: Uint8Array, deps: IdentityDeps): EllSwiftKeypair {
  return createEllSwiftKeypair(secret, (deps.random ?? randomBytes)(32));
}

function warnIfReadable(file: string | undefined, log: Logger): void {
  try {
    if (file !== undefined && isReadableByOthers(file)) {
      log.warn('a secret key can be read by other users of this machine', { file });
    }
  } catch {
    // A file that is not there is reported where it is read.
  }
}

function unusable(key: string, wrong: string, example?: string): ConfigError {
  return new ConfigError([{ source: '', key, wrong, ...(example === undefined ? {} : { example }) }]);
}

function unixSeconds(clock: Clock): number {
  return Math.floor(clock.now() / 1000);
}
