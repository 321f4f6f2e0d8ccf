import type { Mismatch } from './config.ts';

/** `[extensions]` as it is read. */
interface Extensions {
  readonly supported: readonly number[];
  readonly required: readonly number[];
}

/** What is required must be supported as well. For the `check` of a configuration. */
export function checkExtensions({ supported, required }: Extensions): readonly Mismatch[] {
  return required
    .filter((each) => !supported.includes(each))
    .map((each) => ({
      key: 'extensions.required',
      wrong: `holds ${each}, which is not among supported`,
      example: `supported = [${[...supported, each].join(', ')}]`,
    }));
}
