import { jittered, type UpstreamPolicy } from './policy.ts';

/** Holds one connection's Reconnect messages back when they keep leading nowhere. Times: unix milliseconds. */
export class RedirectGate {
  readonly #policy: UpstreamPolicy;
  #failures = 0;
  #openAt = 0;

  constructor(policy: UpstreamPolicy) {
    this.#policy = policy;
  }

  isOpen(now: number): boolean {
    return now >= this.#openAt;
  }

  /** Where a Reconnect message led nobody served us: after a few, the next one waits, for twice as long each time. */
  fail(now: number, random: number): void {
    const { backoffMs, maxBackoffMs, maxRedirects } = this.#policy;
    this.#failures += 1;
    const beyond = this.#failures - maxRedirects;
    if (beyond >= 0) this.#openAt = now + jittered(backoffMs, maxBackoffMs, beyond, random);
  }
}
