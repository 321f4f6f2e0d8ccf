/**
 * Poly1305 (RFC 8439 §2.5) in five limbs of 26 bits: products of two limbs fit 64 bits with room for five of them.
 * No branch and no address depends on the key or the data.
 */

const MASK: u64 = 0x3ff_ffff;

let r0: u64 = 0;
let r1: u64 = 0;
let r2: u64 = 0;
let r3: u64 = 0;
let r4: u64 = 0;
let h0: u64 = 0;
let h1: u64 = 0;
let h2: u64 = 0;
let h3: u64 = 0;
let h4: u64 = 0;

function limb(pointer: usize, shift: u64): u64 {
  return u64(load<u32>(pointer)) >> shift;
}

/** Starts a MAC with the clamped first half of the 32-byte key. */
export function start(key: usize): void {
  r0 = limb(key, 0) & 0x3ff_ffff;
  r1 = limb(key + 3, 2) & 0x3ff_ff03;
  r2 = limb(key + 6, 4) & 0x3ff_c0ff;
  r3 = limb(key + 9, 6) & 0x3f0_3fff;
  r4 = limb(key + 12, 8) & 0x00f_ffff;
  h0 = 0;
  h1 = 0;
  h2 = 0;
  h3 = 0;
  h4 = 0;
}

/** Absorbs `length` bytes rounded up to whole blocks of 16: the caller has padded with zeros (RFC 8439 §2.8). */
export function absorb(data: usize, length: usize): void {
  const s1 = r1 * 5;
  const s2 = r2 * 5;
  const s3 = r3 * 5;
  const s4 = r4 * 5;
  const k0 = r0;
  const k1 = r1;
  const k2 = r2;
  const k3 = r3;
  const k4 = r4;
  let a0 = h0;
  let a1 = h1;
  let a2 = h2;
  let a3 = h3;
  let a4 = h4;
  const end = data + length;
  for (let at = data; at < end; at += 16) {
    a0 += limb(at, 0) & MASK;
    a1 += limb(at + 3, 2) & MASK;
    a2 += limb(at + 6, 4) & MASK;
    a3 += limb(at + 9, 6) & MASK;
    a4 += limb(at + 12, 8) | 0x100_0000;
    const d0 = a0 * k0 + a1 * s4 + a2 * s3 + a3 * s2 + a4 * s1;
    const d1 = a0 * k1 + a1 * k0 + a2 * s4 + a3 * s3 + a4 * s2 + (d0 >> 26);
    const d2 = a0 * k2 + a1 * k1 + a2 * k0 + a3 * s4 + a4 * s3 + (d1 >> 26);
    const d3 = a0 * k3 + a1 * k2 + a2 * k1 + a3 * k0 + a4 * s4 + (d2 >> 26);
    const d4 = a0 * k4 + a1 * k3 + a2 * k2 + a3 * k1 + a4 * k0 + (d3 >> 26);
    a0 = (d0 & MASK) + (d4 >> 26) * 5;
    a1 = (d1 & MASK) + (a0 >> 26);
    a0 &= MASK;
    a2 = d2 & MASK;
    a3 = d3 & MASK;
    a4 = d4 & MASK;
  }
  h0 = a0;
  h1 = a1;
  h2 = a2;
  h3 = a3;
  h4 = a4;
}

/** Writes the 16-byte MAC: the remainder modulo 2^130-5, plus the second half of the key. */
export function finish(key: usize, mac: usize): void {
  carry();
  carry();
  // h + 5 reaches 2^130 exactly when h >= 2^130 - 5
  let g0 = h0 + 5;
  const g1 = h1 + (g0 >> 26);
  const g2 = h2 + (g1 >> 26);
  const g3 = h3 + (g2 >> 26);
  const g4 = h4 + (g3 >> 26);
  const reduce = 0 - (g4 >> 26);
  g0 &= MASK;
  const f0 = (h0 & ~reduce) | (g0 & reduce);
  const f1 = (h1 & ~reduce) | (g1 & MASK & reduce);
  const f2 = (h2 & ~reduce) | (g2 & MASK & reduce);
  const f3 = (h3 & ~reduce) | (g3 & MASK & reduce);
  const f4 = (h4 & ~reduce) | (g4 & MASK & reduce);
  const low = f0 | (f1 << 26) | (f2 << 52);
  const high = (f2 >> 12) | (f3 << 14) | (f4 << 40);
  const sum = low + load<u64>(key, 16);
  store<u64>(mac, sum);
  store<u64>(mac, high + load<u64>(key, 24) + u64(sum < low), 8);
  start(0);
}

function carry(): void {
  h1 += h0 >> 26;
  h0 &= MASK;
  h2 += h1 >> 26;
  h1 &= MASK;
  h3 += h2 >> 26;
  h2 &= MASK;
  h4 += h3 >> 26;
  h3 &= MASK;
  h0 += (h4 >> 26) * 5;
  h4 &= MASK;
}
