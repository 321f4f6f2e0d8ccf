/** Where a server is, whatever it speaks. */
export interface Place {
  /** For people and labels; `host:port` when absent. */
  readonly name?: string;
  readonly host: string;
  readonly port: number;
}

/** A Stratum V2 server to connect to. */
export interface Endpoint extends Place {
  /** The authority's x-only key, 32 bytes. */
  readonly authority?: Uint8Array | undefined;
}

/** What to call an endpoint. */
export function endpointName({ name, host, port }: Place): string {
  return name ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
