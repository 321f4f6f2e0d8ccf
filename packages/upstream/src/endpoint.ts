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

/** Whether both are the same server, and have to prove it alike. */
export function isSameEndpoint(a: Endpoint, b: Endpoint): boolean {
  const keys = [a.authority ?? NO_KEY, b.authority ?? NO_KEY] as const;
  return a.name === b.name && a.host === b.host && a.port === b.port && keys[0].join() === keys[1].join();
}

const NO_KEY = new Uint8Array(0);

/** What to call an endpoint. */
export function endpointName({ name, host, port }: Place): string {
  return name ?? `${host.includes(':') ? `[${host}]` : host}:${port}`;
}
