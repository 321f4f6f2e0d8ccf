# The schema of the vectors in sample.json. Compiled to nothing: the tests address its fields by offset, as the client
# of a real interface does. `capnp compile -ocapnp sample.capnp` shows the offsets.
@0xb2d9a04e4a05bd1c;

struct Sample {
  u8 @0 :UInt8 = 7;
  flag @1 :Bool = true;
  other @2 :Bool;
  u16 @3 :UInt16;
  u32 @4 :UInt32 = 4294967295;
  i32 @5 :Int32 = -2;
  u64 @6 :UInt64 = 8000;
  i64 @7 :Int64 = -1;
  f64 @8 :Float64 = 1.7976931348623157e308;
  text @9 :Text;
  data @10 :Data;
  numbers @11 :List(Int64);
  datas @12 :List(Data);
  points @13 :List(Point);
  nested @14 :Sample;
  empty @15 :Empty;
}

struct Point {
  x @0 :Int32;
  y @1 :Int32;
  name @2 :Text;
}

struct Empty {}
