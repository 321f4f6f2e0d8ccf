/** BIP380's character set, in groups of 32. */
const INPUT_CHARSET =
  '0123456789()[],\'/*abcdefgh@:$%{}IJKLMNOPQRSTUVWXYZ&+-.;<=>?!^_|~ijklmnopqrstuvwxyzABCDEFGH`#"\\ ';
const CHECKSUM_CHARSET = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';
const GENERATOR = [0xf5dee51989n, 0xa9fdca3312n, 0x1bab10e32dn, 0x3706b1677an, 0x644d626ffdn];

function step(checksum: bigint, value: number): bigint {
  const top = checksum >> 35n;
  const next = ((checksum & 0x7ffffffffn) << 5n) ^ BigInt(value);
  return GENERATOR.reduce((sum, generator, i) => ((top >> BigInt(i)) & 1n ? sum ^ generator : sum), next);
}

/** The eight characters that follow a descriptor's `#` (BIP380); undefined when it has a character outside the set. */
export function descriptorChecksum(descriptor: string): string | undefined {
  let checksum = 1n;
  let groups: number[] = [];
  for (const character of descriptor) {
    const position = INPUT_CHARSET.indexOf(character);
    if (position < 0) return undefined;
    checksum = step(checksum, position & 31);
    groups.push(position >> 5);
    if (groups.length === 3) {
      checksum = step(
        checksum,
        groups.reduce((sum, group) => sum * 3 + group, 0),
      );
      groups = [];
    }
  }
  if (groups.length > 0)
    checksum = step(
      checksum,
      groups.reduce((sum, group) => sum * 3 + group, 0),
    );
  for (let i = 0; i < 8; i++) checksum = step(checksum, 0);
  checksum ^= 1n;
  let text = '';
  for (let i = 7; i >= 0; i--) text += CHECKSUM_CHARSET[Number((checksum >> BigInt(5 * i)) & 31n)];
  return text;
}
