import { type MiningFromClient, type MiningFromServer, mining } from '@sv2kit/codec';
import { type Clock, type Connection, type Listener, listen, serve } from '@sv2kit/net';

type Type = MiningFromClient['type'];
type Message<T extends Type> = Extract<MiningFromClient, { type: T }>;

interface Wait {
  readonly type: Type;
  resolve(message: MiningFromClient): void;
}

/** A mining server on a real socket that does only what a test tells it to. */
export class ScriptedPool {
  readonly #listener: Listener;
  readonly #arrived: MiningFromClient[] = [];
  readonly #waits: Wait[] = [];
  readonly connections: Connection<MiningFromServer>[] = [];
  readonly closed: string[] = [];

  private constructor(listener: Listener) {
    this.#listener = listener;
  }

  static async open(clock: Clock): Promise<ScriptedPool> {
    const pool: ScriptedPool = new ScriptedPool(
      await listen({
        host: '127.0.0.1',
        port: 0,
        clock,
        services: [
          serve(mining, {
            flags: 0b111,
            accept: (connection) => ({
              kind: 'accept',
              handler: {
                onReady: () => void pool.connections.push(connection),
                onMessage: (message) => pool.#onMessage(structuredClone(message)),
                onClose: ({ code }) => void pool.closed.push(code),
              },
            }),
          }),
        ],
      }),
    );
    return pool;
  }

  get url(): string {
    return `stratum2+tcp://127.0.0.1:${this.#listener.port}`;
  }

  /** The next message of this type that has not been asked for yet. */
  next<T extends Type>(type: T): Promise<Message<T>> {
    const index = this.#arrived.findIndex((message) => message.type === type);
    const [message] = index < 0 ? [] : this.#arrived.splice(index, 1);
    if (message !== undefined) return Promise.resolve(message as Message<T>);
    return new Promise((resolve) => {
      this.#waits.push({ type, resolve: (found) => resolve(found as Message<T>) });
    });
  }

  /** Sends on the latest connection. */
  send(...messages: readonly MiningFromServer[]): void {
    for (const message of messages) this.connections.at(-1)?.send(message);
  }

  close(): Promise<void> {
    return this.#listener.close();
  }

  #onMessage(message: MiningFromClient): void {
    const index = this.#waits.findIndex(({ type }) => type === message.type);
    const [wait] = index < 0 ? [] : this.#waits.splice(index, 1);
    if (wait === undefined) this.#arrived.push(message);
    else wait.resolve(message);
  }
}
