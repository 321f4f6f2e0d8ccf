import type { Capability } from './capability.ts';
import { CapnpError } from './errors.ts';
import type { Take } from './method.ts';
import type { StructReader } from './struct-reader.ts';

/** A call, or the request for the main interface, that waits for its answer. */
export interface Question {
  /** The method's name, for errors. */
  readonly name: string;
  /** Reads the results and resolves the call's promise; throws what reading throws. */
  readonly resolve: (payload: StructReader, take: Take) => void;
  readonly reject: (error: unknown) => void;
}

/** The open questions by their numbers. A number is used again as soon as its question is closed. */
export class Questions {
  readonly #open = new Map<number, Question>();
  readonly #free: number[] = [];

  get size(): number {
    return this.#open.size;
  }

  /** @returns its number */
  open(question: Question): number {
    const id = this.#free.pop() ?? this.#open.size;
    this.#open.set(id, question);
    return id;
  }

  get(id: number): Question | undefined {
    return this.#open.get(id);
  }

  close(id: number): void {
    if (this.#open.delete(id)) this.#free.push(id);
  }

  /** Closes every one. @returns what was open, oldest first */
  closeAll(): readonly Question[] {
    const open = [...this.#open.values()];
    this.#open.clear();
    this.#free.length = 0;
    return open;
  }
}

/** Hands results over. The capabilities that were not taken, or not by a reader that finished, are released. */
export function settle(
  question: Question,
  payload: StructReader,
  capabilities: readonly (Capability | undefined)[],
): void {
  const taken = new Set<Capability>();
  try {
    question.resolve(payload, (index) => {
      if (index === undefined) return undefined;
      if (index >= capabilities.length) throw new CapnpError('malformed', `there is no capability ${index}`);
      const capability = capabilities[index];
      if (capability !== undefined) taken.add(capability);
      return capability;
    });
  } catch (error) {
    taken.clear();
    question.reject(error);
  }
  for (const capability of capabilities) if (capability !== undefined && !taken.has(capability)) capability.release();
}
