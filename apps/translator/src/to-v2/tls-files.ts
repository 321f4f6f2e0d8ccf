import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';
import { ConfigError } from '@sv2kit/daemon';
import type { Logger, TlsIdentity } from '@sv2kit/net';

/** A certificate and its key in files, read anew when one of them changes; the last good pair holds. */
export class TlsFiles {
  readonly #certFile: string;
  readonly #keyFile: string;
  readonly #log: Logger;
  #identity: TlsIdentity;
  #changed: string;

  /** @throws ConfigError when the files cannot be read or do not belong together */
  constructor(certFile: string, keyFile: string, log: Logger) {
    this.#certFile = certFile;
    this.#keyFile = keyFile;
    this.#log = log;
    try {
      this.#changed = this.#times();
      this.#identity = this.#read();
    } catch (cause) {
      throw new ConfigError([{ source: '', key: 'tls', wrong: unusable(cause) }], { cause });
    }
  }

  get identity(): TlsIdentity {
    return this.#identity;
  }

  /** Looks whether the files have changed. */
  look(): void {
    try {
      const changed = this.#times();
      if (changed === this.#changed) return;
      this.#identity = this.#read();
      this.#changed = changed;
      this.#log.info('the TLS certificate was read anew');
    } catch (error) {
      this.#log.warn('the TLS certificate cannot be read; the last one is used', { error: String(error) });
    }
  }

  #read(): TlsIdentity {
    return readIdentity(this.#certFile, this.#keyFile);
  }

  #times(): string {
    return [this.#certFile, this.#keyFile].map((file) => statSync(file).mtimeMs).join();
  }
}

/** @returns why a certificate and its key in files cannot be used, if so */
export function tlsProblem(certFile: string, keyFile: string): string | undefined {
  try {
    readIdentity(certFile, keyFile);
    return undefined;
  } catch (error) {
    return unusable(error);
  }
}

function readIdentity(certFile: string, keyFile: string): TlsIdentity {
  const identity = { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8') };
  createSecureContext(identity);
  return identity;
}

function unusable(error: unknown): string {
  return `the certificate and its key cannot be used: ${error instanceof Error ? error.message : String(error)}`;
}
