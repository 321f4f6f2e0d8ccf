/** The value below which a share `q` (0 to 1) of the samples lies. */
export function quantile(samples: readonly number[], q: number): number {
  const sorted = samples.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN;
}

/** Median and spread of several runs, as in `20,012 (19,980–20,031)`. */
export function spread(runs: readonly number[], digits = 0): string {
  const text = (value: number) =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const [low, middle, high] = [quantile(runs, 0), quantile(runs, 0.5), quantile(runs, 1)];
  return runs.length < 2 || text(low) === text(high) ? text(middle) : `${text(middle)} (${text(low)}–${text(high)})`;
}

/** Median with the first and the ninth decile, as in `35.2 (32.8–40.4)`. */
export function deciles(samples: readonly number[], digits = 1): string {
  const [low, middle, high] = [0.1, 0.5, 0.9].map((q) => quantile(samples, q).toFixed(digits));
  return `${middle} (${low}–${high})`;
}
