/** A server to connect to. */
export interface Endpoint {
  /** For people and labels; `host:port` when absent. */
  readonly name?: string;
  readonly host: string;
  readonly port: number;
  /** The authority's x-only key, 32 bytes. */
  readonly authority?: Uint8Array | undefined;
}

/** What to call an endpoint. */
export function endpointName({ name, host, port }: Endpoint): string {
  return name ?? `${host}:${port}`;
}
