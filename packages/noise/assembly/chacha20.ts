import { KEY } from './memory';

/** Two blocks of key stream. */
export const STREAM: usize = memory.data(128, 16);

/**
 * ChaCha20 (RFC 8439 §2.3) by rows: a block's 4x4 state is four vectors, so that one quarter round serves four
 * columns; then the rows are rotated to bring the diagonals into columns. Two blocks run side by side, because one
 * alone would wait for its own results.
 */

function rotate16(x: v128): v128 {
  return i8x16.shuffle(x, x, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13);
}

function rotate8(x: v128): v128 {
  return i8x16.shuffle(x, x, 3, 0, 1, 2, 7, 4, 5, 6, 11, 8, 9, 10, 15, 12, 13, 14);
}

function rotate12(x: v128): v128 {
  return v128.or(i32x4.shl(x, 12), i32x4.shr_u(x, 20));
}

function rotate7(x: v128): v128 {
  return v128.or(i32x4.shl(x, 7), i32x4.shr_u(x, 25));
}

function left1(x: v128): v128 {
  return i32x4.shuffle(x, x, 1, 2, 3, 0);
}

function left2(x: v128): v128 {
  return i32x4.shuffle(x, x, 2, 3, 0, 1);
}

function left3(x: v128): v128 {
  return i32x4.shuffle(x, x, 3, 0, 1, 2);
}

/** Writes the key stream of blocks `counter` and `counter + 1` to STREAM; the key is at KEY. */
export function twoBlocks(counter: u32, n0: u32, n1: u32, n2: u32): void {
  const row0 = i32x4(0x61707865, 0x3320646e, 0x79622d32, 0x6b206574);
  const row1 = v128.load(KEY);
  const row2 = v128.load(KEY, 16);
  const row3 = i32x4.replace_lane(i32x4.replace_lane(i32x4.replace_lane(i32x4.splat(counter), 1, n0), 2, n1), 3, n2);
  const row3Next = i32x4.add(row3, i32x4(1, 0, 0, 0));
  let a = row0;
  let b = row1;
  let c = row2;
  let d = row3;
  let e = row0;
  let f = row1;
  let g = row2;
  let h = row3Next;
  for (let round = 0; round < 10; round++) {
    a = i32x4.add(a, b);
    e = i32x4.add(e, f);
    d = rotate16(v128.xor(d, a));
    h = rotate16(v128.xor(h, e));
    c = i32x4.add(c, d);
    g = i32x4.add(g, h);
    b = rotate12(v128.xor(b, c));
    f = rotate12(v128.xor(f, g));
    a = i32x4.add(a, b);
    e = i32x4.add(e, f);
    d = rotate8(v128.xor(d, a));
    h = rotate8(v128.xor(h, e));
    c = i32x4.add(c, d);
    g = i32x4.add(g, h);
    b = left1(rotate7(v128.xor(b, c)));
    f = left1(rotate7(v128.xor(f, g)));
    c = left2(c);
    g = left2(g);
    d = left3(d);
    h = left3(h);

    a = i32x4.add(a, b);
    e = i32x4.add(e, f);
    d = rotate16(v128.xor(d, a));
    h = rotate16(v128.xor(h, e));
    c = i32x4.add(c, d);
    g = i32x4.add(g, h);
    b = rotate12(v128.xor(b, c));
    f = rotate12(v128.xor(f, g));
    a = i32x4.add(a, b);
    e = i32x4.add(e, f);
    d = rotate8(v128.xor(d, a));
    h = rotate8(v128.xor(h, e));
    c = i32x4.add(c, d);
    g = i32x4.add(g, h);
    b = left3(rotate7(v128.xor(b, c)));
    f = left3(rotate7(v128.xor(f, g)));
    c = left2(c);
    g = left2(g);
    d = left1(d);
    h = left1(h);
  }
  v128.store(STREAM, i32x4.add(a, row0));
  v128.store(STREAM, i32x4.add(b, row1), 16);
  v128.store(STREAM, i32x4.add(c, row2), 32);
  v128.store(STREAM, i32x4.add(d, row3), 48);
  v128.store(STREAM, i32x4.add(e, row0), 64);
  v128.store(STREAM, i32x4.add(f, row1), 80);
  v128.store(STREAM, i32x4.add(g, row2), 96);
  v128.store(STREAM, i32x4.add(h, row3Next), 112);
}

/** XORs `length` bytes with key stream, 16 at a time: up to 15 bytes too many are written. */
export function xorStream(input: usize, output: usize, stream: usize, length: usize): void {
  for (let at: usize = 0; at < length; at += 16) {
    v128.store(output + at, v128.xor(v128.load(input + at), v128.load(stream + at)));
  }
}
