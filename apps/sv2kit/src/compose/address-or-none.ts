import { type Address, address, type Value } from '@sv2kit/daemon';

/** `host:port`, or the word none for nowhere. */
export function addressOrNone(sample: string, help: string): Value<Address | undefined> {
  const inner = address(sample, help);
  return {
    ...inner,
    type: 'host:port, or none',
    read: (raw, origin) => (raw === 'none' ? undefined : inner.read(raw, origin)),
  };
}
