/** Who a worker is, as people read it. */
export interface WorkerName {
  /** The account: what the user_identity says before its first dot. */
  readonly user: string;
  /** The name that a share gave (extension 0x0002), else what the user_identity says behind its first dot; may be empty. */
  readonly worker: string;
  /** `user.worker`, or `user` alone: unique. */
  readonly name: string;
}

/**
 * What a worker is called: the same whether it has a channel of its own, `account.worker`, or is named by the shares of
 * an aggregating proxy. Shares that repeat the identity say nothing of their own.
 *
 * @param identity the channel's user_identity
 * @param named what its shares say (extension 0x0002); empty when they say nothing
 */
export function nameOfWorker(identity: string, named = ''): WorkerName {
  const dot = identity.indexOf('.');
  const user = dot === -1 ? identity : identity.slice(0, dot);
  const isNamed = named !== '' && named !== identity;
  const worker = isNamed ? named : dot === -1 ? '' : identity.slice(dot + 1);
  return { user, worker, name: worker === '' ? user : `${user}.${worker}` };
}
