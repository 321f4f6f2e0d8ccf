import type { Logger } from '@sv2kit/net';
import type { ProfileMismatch } from '@sv2kit/translation';
import type { Miner } from './miner.ts';

/** What firmware that is connected may have trouble with, the worst of each kind. */
export class Misfits {
  readonly #log: Logger;
  readonly #worst = new Map<string, { readonly family: string; readonly misfit: ProfileMismatch }>();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** What the miner gets is not what its firmware is known to need. */
  add({ profile: { family }, session: { userAgent }, connection }: Miner, misfit: ProfileMismatch): void {
    const key = `${family} ${misfit.kind}`;
    const known = this.#worst.get(key);
    if (known !== undefined && known.misfit.size >= misfit.size) return;
    this.#worst.set(key, { family, misfit });
    const fields = { family, userAgent, peer: connection.id, ...misfit };
    this.#log.warn('work is not as this firmware is known to need it', fields);
  }

  facts(): readonly Readonly<Record<string, unknown>>[] {
    return [...this.#worst.values()].map(({ family, misfit }) => ({ family, ...misfit }));
  }
}
