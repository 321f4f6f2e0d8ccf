import { BitcoinError, type Network, scriptFromAddress } from '@sv2kit/bitcoin';
import { fromUtf8 } from '@sv2kit/codec';
import type { Payout } from '@sv2kit/mining';
import type { Authorisation, AuthorisationRequest } from '@sv2kit/mining-server';

export const USER_POLICIES = ['open', 'address', 'list'] as const;
export type UserPolicy = (typeof USER_POLICIES)[number];

/** `[users]` as it is read. */
export interface UsersConfig {
  readonly policy: UserPolicy;
  readonly allow: readonly string[];
}

/** Answers who may mine; may be another than {@link userPolicy}'s. */
export type Authorise = (request: AuthorisationRequest) => Authorisation | Promise<Authorisation>;

/** The configured policy. An identity is `user` or `user.worker`. */
export function userPolicy(users: UsersConfig, chain: Network, payout: Payout): Authorise {
  const allowed = new Set(users.allow);
  const admitted: Authorisation = { kind: 'admitted', payout };
  return ({ userIdentity }) => {
    const identity = fromUtf8(userIdentity);
    const [user = ''] = identity.split('.', 1);
    switch (users.policy) {
      case 'open':
        return admitted;
      case 'address':
        return isAddress(user, chain) ? admitted : { kind: 'refused', code: 'invalid-user-identity' };
      case 'list':
        return allowed.has(user) || allowed.has(identity) ? admitted : { kind: 'refused', code: 'unknown-user' };
    }
  };
}

function isAddress(text: string, chain: Network): boolean {
  try {
    scriptFromAddress(text, chain);
    return true;
  } catch (error) {
    if (error instanceof BitcoinError) return false;
    throw error;
  }
}
