@0xbf5147bb3d5a2f01;

interface Probe @0xd1d2d3d4d5d6d7d8 {
  echo @0 (text :Text) -> (text :Text);
  promised @1 () -> (probe :Probe);
  alive @2 () -> (count :UInt32);
  slow @3 () -> (probe :Probe);
}
