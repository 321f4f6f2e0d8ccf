/** One thing that is wrong with a configuration, in words an operator can act on. */
export interface Problem {
  /** Where the value came from: a file's name or an environment variable; empty when it was given nowhere. */
  readonly source: string;
  /** The key as it is written in TOML, e.g. `template_providers[0].address`; empty when the whole file is meant. */
  readonly key: string;
  /** What was wrong, e.g. `"fast" is not a number`. */
  readonly wrong: string;
  /** A line that would be right, e.g. `shares_per_minute = 6`. */
  readonly example?: string;
}

/** The configuration cannot be used: carries every problem found, not just the first. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[], options?: ErrorOptions) {
    super(problems.map(formatProblem).join('\n'), options);
    this.problems = problems;
  }
}

/** `pool.toml: listen: "localhost" has no port; for example: listen = "127.0.0.1:3336"`. */
export function formatProblem(problem: Problem): string {
  const place = [problem.source, problem.key].filter((part) => part !== '').join(': ');
  const example = problem.example === undefined ? '' : `; for example: ${problem.example}`;
  return `${place === '' ? '' : `${place}: `}${problem.wrong}${example}`;
}
