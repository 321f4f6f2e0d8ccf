import { useEffect, useState } from 'preact/hooks';

/** A value that components look at and are drawn anew for. */
export class Store<T> {
  #value: T;
  readonly #listeners = new Set<() => void>();

  constructor(value: T) {
    this.#value = value;
  }

  get value(): T {
    return this.#value;
  }

  set(value: T): void {
    if (Object.is(value, this.#value)) return;
    this.#value = value;
    for (const listener of [...this.#listeners]) listener();
  }

  /** @returns ends it */
  on(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** The value of a store, now and whenever it changes. */
export function useStore<T>(store: Store<T>): T {
  const [, draw] = useState({});
  const shown = store.value;
  useEffect(() => {
    const end = store.on(() => draw({}));
    // It may have changed between being drawn and now.
    if (!Object.is(shown, store.value)) draw({});
    return end;
  }, [store]);
  return shown;
}
