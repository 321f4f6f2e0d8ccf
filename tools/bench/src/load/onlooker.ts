import { setTimeout as sleep } from 'node:timers/promises';

/** What somebody with a dashboard and a Prometheus asks for. */
const ASKED = ['/metrics', '/health', '/api/v1/workers?limit=100', '/api/v1/channels?limit=100', '/api/v1/shares'];
const EVENTS = '/api/v1/events';

/** Asks a role how it is, once a second, and reads its events, until disposed. */
export class Onlooker implements AsyncDisposable {
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>;
  /** Answers read so far. */
  answers = 0;

  /** @param monitoring `host:port` */
  constructor(monitoring: string) {
    this.#running = Promise.all([this.#ask(monitoring), this.#listen(monitoring)]);
    this.#running.catch(() => {});
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running.catch((error: unknown) => {
      if (!(error instanceof Error && error.name === 'AbortError')) throw error;
    });
  }

  async #ask(monitoring: string): Promise<void> {
    const { signal } = this.#stop;
    for (;;) {
      for (const path of ASKED) {
        const response = await fetch(`http://${monitoring}${path}`, { signal });
        if (!response.ok) throw new Error(`${path} was answered with ${response.status}`);
        await response.arrayBuffer();
        this.answers += 1;
      }
      await sleep(1000, undefined, { signal });
    }
  }

  async #listen(monitoring: string): Promise<void> {
    const response = await fetch(`http://${monitoring}${EVENTS}`, { signal: this.#stop.signal });
    if (!response.ok || response.body === null) throw new Error(`${EVENTS} was answered with ${response.status}`);
    for await (const _chunk of response.body) this.answers += 1;
  }
}
