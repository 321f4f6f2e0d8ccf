import type { Network } from '@sv2kit/bitcoin';
import { fromUtf8 } from '@sv2kit/codec';
import type { Payout } from '@sv2kit/mining';
import type { Authorisation, AuthorisationRequest } from '@sv2kit/mining-server';
import { parseUser, type User } from '@sv2kit/payout';

export const USER_POLICIES = ['open', 'address', 'list'] as const;
export type UserPolicy = (typeof USER_POLICIES)[number];

/** `[users]` as it is read. */
export interface UsersConfig {
  readonly policy: UserPolicy;
  readonly allow: readonly string[];
}

/** Answers who may mine; may be another than {@link userPolicy}'s. */
export type Authorise = (request: AuthorisationRequest) => Authorisation | Promise<Authorisation>;

/** Who may mine now, by a policy that may change; those who mine already go on. */
export class Users {
  #config: UsersConfig;

  constructor(config: UsersConfig) {
    this.#config = config;
  }

  /** Answers by what is configured at the time. @param policyOf asked again whenever that has changed */
  by(policyOf: (config: UsersConfig) => Authorise): Authorise {
    let made = { from: this.#config, policy: policyOf(this.#config) };
    return (request) => {
      if (made.from !== this.#config) made = { from: this.#config, policy: policyOf(this.#config) };
      return made.policy(request);
    };
  }

  set(config: UsersConfig): void {
    this.#config = config;
  }
}

/**
 * The configured policy. An identity is one that @sv2kit/payout's parseUser knows: `user`, `user.worker`, or one of the `sri/`
 * forms; addresses and lists are about the user in it.
 *
 * @param payoutOf who the blocks of a user's channel pay; undefined when it cannot be paid
 */
export function userPolicy(
  users: UsersConfig,
  chain: Network,
  payoutOf: (user: User) => Payout | undefined,
): Authorise {
  const allowed = new Set(users.allow);
  return ({ userIdentity }) => {
    const identity = fromUtf8(userIdentity);
    const user = parseUser(identity, chain);
    const payout = payoutOf(user);
    if (payout === undefined) return INVALID;
    const admitted: Authorisation = { kind: 'admitted', payout };
    switch (users.policy) {
      case 'open':
        return admitted;
      case 'address':
        return user.kind === 'address' ? admitted : INVALID;
      case 'list':
        return isAllowed(allowed, identity, user) ? admitted : { kind: 'refused', code: 'unknown-user' };
    }
  };
}

const INVALID: Authorisation = { kind: 'refused', code: 'invalid-user-identity' };

/** By the whole identity, by its user as it is written, or by the account that this stands for. */
function isAllowed(allowed: ReadonlySet<string>, identity: string, user: User): boolean {
  const [written = ''] = identity.split('.', 1);
  return allowed.has(identity) || allowed.has(written) || (user.kind !== 'malformed' && allowed.has(user.account));
}
