/** Longest worker name that is given to a pool: what extension 0x0002 allows. */
const LONGEST_WORKER = 32;

/** The account of a V1 user name: without a worker of its own. */
const ACCOUNT = /^[^.]*/;

/**
 * The V1 user name under which a V2 channel's shares go to the pool: `account.worker`. A V2 identity says its worker
 * behind the first dot, or is one. What V1 pools and their pages may stumble over becomes `-`.
 *
 * @param user as configured; a worker of its own gives way
 * @param identity the channel's user_identity (§5.3.2), or the worker that extension 0x0002 names
 * @returns `user` as it is when the identity names nobody
 */
export function poolUserName(user: string, identity: string): string {
  const dot = identity.indexOf('.');
  const named = dot < 0 ? identity : identity.slice(dot + 1);
  const worker = named.replace(/[^\w-]+/g, '-').slice(0, LONGEST_WORKER);
  const [account = user] = ACCOUNT.exec(user) ?? [];
  return /\w/.test(worker) ? `${account}.${worker}` : user;
}
