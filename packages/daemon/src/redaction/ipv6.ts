/** The eight groups of an IPv6 address that is known to be one, in whichever way it is written. */
export function groupsOf(address: string): number[] {
  const [head = [], tail] = address.split('::').map((part) => (part === '' ? [] : part.split(':').flatMap(written)));
  if (tail === undefined) return head;
  return [...head, ...Array<number>(8 - head.length - tail.length).fill(0), ...tail];
}

/** One group, or the two that an IPv4 address at the end is. */
function written(text: string): number[] {
  if (!text.includes('.')) return [Number.parseInt(text, 16)];
  const [a = 0, b = 0, c = 0, d = 0] = text.split('.').map(Number);
  return [a * 256 + b, c * 256 + d];
}

/** The IPv4 address that an IPv6 address stands for: mapped (::ffff:0:0/96), translated or compatible. */
export function fourWithin(groups: readonly number[]): string | undefined {
  const [high = 0, low = 0] = groups.slice(6);
  if (groups.slice(0, 4).some((group) => group !== 0) || high === 0) return undefined;
  return [high >> 8, high & 0xff, low >> 8, low & 0xff].join('.');
}
