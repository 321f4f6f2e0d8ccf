import type { FromClient, FromServer, Protocol } from '@sv2kit/codec';
import type { ServerOffer, Versions } from '@sv2kit/session';
import type { Connection, ConnectionHandler } from './connection.ts';
import type { AnyMessage } from './peer-context.ts';

/** The application takes a connection. */
export interface Accepted<In> {
  readonly kind: 'accept';
  /** SetupConnection.Success.flags: the server's own namespace, not an echo (§5.3.1). 0 when absent. */
  readonly flags?: number;
  readonly handler: ConnectionHandler<In>;
}
/** The application does not take it; told as SetupConnection.Error (§3.6.3). */
export interface Refused {
  readonly kind: 'refuse';
  readonly errorCode: string;
  /** The flags that are the cause; 0, the default, when none are. */
  readonly flags?: number;
}

/** A protocol served on a port. */
export interface ServiceOptions<In, Out> {
  /** SetupConnection flags that the application honours; any other flag is refused. 0 when absent. */
  readonly flags?: number;
  /** Version 2 when absent. */
  readonly versions?: Versions;
  /** Protocol, version and flags are fine: take the connection or refuse it. Nothing can be sent before `onReady`. */
  accept(connection: Connection<Out>): Accepted<In> | Refused;
}

/** A protocol with its application, whatever its messages; made by `serve`. */
export interface Service extends ServiceOptions<AnyMessage, AnyMessage> {
  readonly protocol: Protocol;
}

/** Ties an application to the protocol that it serves. */
export function serve<P extends Protocol>(protocol: P, options: ServiceOptions<FromClient<P>, FromServer<P>>): Service {
  return { ...(options as unknown as ServiceOptions<AnyMessage, AnyMessage>), protocol };
}

/** What the session needs to know of a service. */
export function offerOf({ protocol, flags = 0, versions }: Service): ServerOffer {
  return { protocol, flags, ...(versions && { versions }) };
}
