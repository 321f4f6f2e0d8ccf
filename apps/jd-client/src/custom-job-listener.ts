/** Who waits for a pool's answer to SetCustomMiningJob. */
export interface CustomJobListener {
  /** @param target what the job's shares must meet */
  onAcknowledged(jobId: number, target: Uint8Array): void;
  onRefused(code: string): void;
}
