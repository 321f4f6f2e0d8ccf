/** A V1 user name in its parts. */
export interface UserName {
  readonly account: string;
  readonly worker: string;
}
/** Placeholder of the first minutes. */
export function workerOf(username: string): Uint8Array {
  return new Uint8Array(Math.min(32, username.length));
}
