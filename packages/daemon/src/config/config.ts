import type { Fields, ValuesOf } from './field.ts';

/** What a check across keys found: the key in TOML form, what is wrong, and a line that would be right. */
export interface Mismatch {
  readonly key: string;
  readonly wrong: string;
  readonly example?: string;
}

/** A declared configuration: one declaration yields the type, defaults, help text, example file and validation. */
export interface Config<T> {
  readonly fields: Fields;
  /** Rules between keys; runs only when every key by itself was right. */
  readonly check: (values: T) => readonly Mismatch[];
}

/** The type a declared configuration reads into. */
export type ConfigOf<C extends Config<never>> = C extends Config<infer T> ? T : never;

/**
 * Declares a configuration. Keys are camelCase here and snake_case in TOML.
 *
 * @example
 * export const poolConfig = config({
 *   listen: address('127.0.0.1:3336', 'Where miners connect.'),
 *   sharesPerMinute: number(6, 'Wanted share rate per channel.', { min: 0.1 }),
 * });
 * export type PoolConfig = ConfigOf<typeof poolConfig>;
 */
export function config<const F extends Fields>(
  fields: F,
  options: { readonly check?: (values: ValuesOf<F>) => readonly Mismatch[] } = {},
): Config<ValuesOf<F>> {
  return { fields, check: options.check ?? (() => []) };
}
