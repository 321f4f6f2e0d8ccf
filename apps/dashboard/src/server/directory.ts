import type { Clock } from '@sv2kit/daemon';
import type { ProbeOutcome, RoleEntry } from './role-states.ts';
import { type RoleListener, type WantedRole, WatchedRole } from './watched-role.ts';

export interface DirectoryListener extends RoleListener {
  /** It is not shown any more. */
  onRemoved(role: WatchedRole): void;
}

/** The roles that are shown, in their order, each with a name of its own. */
export class Directory implements Disposable {
  readonly #clock: Clock;
  readonly #listener: DirectoryListener;
  readonly #roles = new Map<string, WatchedRole>();

  constructor(clock: Clock, listener: DirectoryListener) {
    this.#clock = clock;
    this.#listener = listener;
  }

  get roles(): readonly WatchedRole[] {
    return [...this.#roles.values()];
  }

  entries(): RoleEntry[] {
    return this.roles.map((role) => this.entry(role));
  }

  entry(role: WatchedRole): RoleEntry {
    return { name: this.nameOf(role), path: `roles/${role.wanted.key}`, ...role.state };
  }

  /** Of several with one name all but the first have their key added. */
  nameOf(role: WatchedRole): string {
    const first = this.roles.find(({ name }) => name === role.name);
    return first === undefined || first === role ? role.name : `${role.name}-${role.wanted.key}`;
  }

  /** Whether a role has this key, whatever others call themselves. */
  has(key: string): boolean {
    return this.#roles.has(key);
  }

  /** By the key of its path, or by its name. */
  find(word: string): WatchedRole | undefined {
    return this.#roles.get(word) ?? this.roles.find((role) => this.nameOf(role) === word);
  }

  /** @param known what it has just said of itself */
  add(wanted: WantedRole, known?: ProbeOutcome): void {
    const role = new WatchedRole(wanted, this.#clock, this.#listener, known);
    this.#roles.set(wanted.key, role);
    this.#listener.onState(role);
    role.start();
  }

  remove(role: WatchedRole): void {
    role[Symbol.dispose]();
    this.#roles.delete(role.wanted.key);
    this.#listener.onRemoved(role);
  }

  [Symbol.dispose](): void {
    for (const role of this.roles) this.remove(role);
  }
}
