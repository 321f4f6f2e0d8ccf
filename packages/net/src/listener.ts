/** An open port. */
export interface Listener extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** Connections open now. */
  readonly connections: number;
  /** Of those, the ones that are not set up yet. */
  readonly handshakes: number;
  /** Stops listening, ends every connection and waits until they are closed. */
  close(): Promise<void>;
}
