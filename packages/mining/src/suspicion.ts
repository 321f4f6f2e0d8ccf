/** One running test for a change of rate (Page's cumulative sum), with the data since the change it suspects. */
export class Suspicion {
  readonly #rate: number;
  evidence = 0;
  counted = 0;
  expected = 0;

  /** @param rate the changed rate to look for, relative to the expected one */
  constructor(rate: number) {
    this.#rate = rate;
  }

  add(counted: number, expected: number): void {
    this.counted += counted;
    this.expected += expected;
    this.evidence += counted * Math.log(this.#rate) - (this.#rate - 1) * expected;
    if (this.evidence <= 0) this.reset();
  }

  reset(): void {
    this.evidence = 0;
    this.counted = 0;
    this.expected = 0;
  }
}
