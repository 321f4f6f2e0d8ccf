/** How calm and how quick a {@link Vardiff} is. The defaults were chosen by simulation (`test/vardiff.test.ts`). */
export interface VardiffTuning {
  /** Rates, relative to the expected one, that the two tests are tuned to notice. */
  readonly rise: number;
  readonly fall: number;
  /** Evidence, as a log likelihood ratio, at which a test gives alarm. */
  readonly alarm: number;
  /** Expected shares of doubt that pull an estimate towards no change. */
  readonly doubt: number;
  /** After an alarm the estimate is looked at again when this many shares were expected, and 1.6 times as many, up to `lastLook`. */
  readonly firstLook: number;
  readonly lastLook: number;
  /** A second look corrects what is off by more than this, as a log ratio, and by more than so many deviations. */
  readonly band: number;
  readonly deviations: number;
  /** Most that one step multiplies or divides by. */
  readonly maxStepUp: number;
  readonly maxStepDown: number;
}

export const VARDIFF_TUNING: VardiffTuning = {
  rise: 1.5,
  fall: 0.6,
  alarm: 5.5,
  doubt: 6,
  firstLook: 16,
  lastLook: 200,
  band: 0.12,
  deviations: 1.3,
  maxStepUp: 8,
  maxStepDown: 4,
};
