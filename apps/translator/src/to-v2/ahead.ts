/** By how much a sequence number is ahead of another; they begin again after 2^32. */
export function ahead(one: number, other: number): number {
  return (one - other) | 0;
}
