import { MONITOR_LIMITS } from './limits.ts';
import { type Listing, pageOf } from './page.ts';
import type { ConnectionView, WireMessageView } from './schemas/connections.ts';
import type { Page } from './schemas/page.ts';

export type WireDirection = WireMessageView['direction'];

/** Hears what goes over a connection: a whole V2 frame, which is its own for the call only, or a V1 line. */
export type TapListener = (direction: WireDirection, what: Uint8Array | string) => void;

/** A connection that can be listened to. */
export interface TappedConnection {
  readonly protocol: ConnectionView['protocol'];
  readonly direction: ConnectionView['direction'];
  /** Unix milliseconds. */
  readonly sinceMs: number;
  describe(): Pick<ConnectionView, 'peer' | 'remote' | 'device' | 'extensions'>;
  /** Tells the listener of every message from now on; nobody any more when there is none. */
  tap(listener: TapListener | undefined): void;
}

/** A connection that was announced. */
export interface Announced {
  /** It has ended; whoever watches it hears why. */
  end(reason?: string): void;
}

/** Whoever watches one connection. */
export interface ConnectionReader {
  /** Whether it takes one more message now; a message that it does not take is made for nobody. */
  admits(): boolean;
  onMessage(message: WireMessageView): void;
  /** Once, after everything else. */
  onEnded(reason: string | undefined): void;
}

interface Entry {
  readonly part: string | undefined;
  readonly connection: TappedConnection;
  /** Made for the first of them: most connections are watched by nobody. */
  readers: Set<ConnectionReader> | undefined;
}

/** The connections of a role, and who watches them. Nobody is told anything while nobody watches. */
export class Connections {
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  /** @param now unix milliseconds */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Announces a connection; its number (`peer`) is its own in this process. */
  add(connection: TappedConnection): Announced {
    return this.addTo(undefined, connection);
  }

  list(page: Page): Listing<ConnectionView> {
    return pageOf(this.#entries, page, ([id, entry]) => viewOf(id, entry), this.#entries.size);
  }

  /** Tells `reader` of all messages from now on, until disposed. Undefined when there is no such connection. */
  watch(id: string, reader: ConnectionReader): Disposable | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    const { connection } = entry;
    const readers = (entry.readers ??= new Set());
    readers.add(reader);
    if (readers.size === 1) connection.tap((direction, what) => this.#tell(readers, direction, what));
    return {
      [Symbol.dispose]: () => {
        if (readers.delete(reader) && readers.size === 0) connection.tap(undefined);
      },
    };
  }

  /** The same for one part of the role: its connections carry the part's name. */
  part(name: string): Connections {
    return new PartConnections(name, this);
  }

  protected addTo(part: string | undefined, connection: TappedConnection): Announced {
    const id = String(connection.describe().peer);
    const entry: Entry = { part, connection, readers: undefined };
    this.#entries.set(id, entry);
    return {
      end: (reason) => {
        if (this.#entries.get(id) === entry) this.#entries.delete(id);
        const readers = [...(entry.readers ?? [])];
        entry.readers?.clear();
        if (readers.length > 0) connection.tap(undefined);
        for (const reader of readers) reader.onEnded(reason);
      },
    };
  }

  /** Hands a message to a part's parent. */
  protected static addPart(whole: Connections, part: string, connection: TappedConnection): Announced {
    return whole.addTo(part, connection);
  }

  #tell(readers: ReadonlySet<ConnectionReader>, direction: WireDirection, what: Uint8Array | string): void {
    let message: WireMessageView | undefined;
    for (const reader of readers) {
      if (!reader.admits()) continue;
      message ??= messageOf(this.#now(), direction, what);
      reader.onMessage(message);
    }
  }
}

class PartConnections extends Connections {
  readonly #name: string;
  readonly #whole: Connections;

  constructor(name: string, whole: Connections) {
    super();
    this.#name = name;
    this.#whole = whole;
  }

  override list(page: Page): Listing<ConnectionView> {
    return this.#whole.list(page);
  }

  override watch(id: string, reader: ConnectionReader): Disposable | undefined {
    return this.#whole.watch(id, reader);
  }

  protected override addTo(part: string | undefined, connection: TappedConnection): Announced {
    return Connections.addPart(this.#whole, part === undefined ? this.#name : `${this.#name}.${part}`, connection);
  }
}

function viewOf(id: string, { part, connection }: Entry): ConnectionView {
  const { direction, protocol, sinceMs } = connection;
  return { ...(part !== undefined && { part }), id, direction, protocol, sinceMs, ...connection.describe() };
}

function messageOf(atMs: number, direction: WireDirection, what: Uint8Array | string): WireMessageView {
  const most = MONITOR_LIMITS.wireMessageBytes;
  if (typeof what === 'string') {
    const shown = { atMs, direction, size: Buffer.byteLength(what), line: what.slice(0, most) };
    return what.length > most ? { ...shown, cut: true } : shown;
  }
  const { buffer, byteOffset, length } = what;
  const hex = Buffer.from(buffer, byteOffset, Math.min(length, most)).toString('hex');
  return { atMs, direction, size: length, hex, ...(length > most && { cut: true }) };
}
