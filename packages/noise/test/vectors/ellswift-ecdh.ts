/** BIP324, packet_encoding_test_vectors.csv: the columns about keys and the shared secret. */
export const ellSwiftEcdhVectors = [
  {
    initiator: true,
    secret: '61062ea5071d800bbfd59e2e8b53d47d194b095ae5a4df04936b49772ef0d4d7',
    ours: 'ec0adff257bbfe500c188c80b4fdd640f6b45a482bbc15fc7cef5931deff0aa186f6eb9bba7b85dc4dcc28b28722de1e3d9108b985e2967045668f66098e475b',
    theirs:
      'a4a94dfce69b4a2a0a099313d10f9f7e7d649d60501c9e1d274c300e0d89aafaffffffffffffffffffffffffffffffffffffffffffffffffffffffff8faf88d5',
    oursX: '19e965bc20fc40614e33f2f82d4eeff81b5e7516b12a5c6c0d6053527eba0923',
    theirsX: '0c71defa3fafd74cb835102acd81490963f6b72d889495e06561375bd65f6ffc',
    sharedX: '4eb2bf85bd00939468ea2abb25b63bc642e3d1eb8b967fb90caa2d89e716050e',
    sharedSecret: 'c6992a117f5edbea70c3f511d32d26b9798be4b81a62eaee1a5acaa8459a3592',
  },
  {
    initiator: false,
    secret: '6f312890ec83bbb26798abaadd574684a53e74ccef7953b790fcc29409080246',
    ours: 'a8785af31c029efc82fa9fc677d7118031358d7c6a25b5779a9b900e5ccd94aac97eb36a3c5dbcdb2ca5843cc4c2fe0aaa46d10eb3d233a81c3dde476da00eef',
    theirs:
      'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f0000000000000000000000000000000000000000000000000000000000000000',
    oursX: 'd4b65faa965b31fe2d9faaeb806c6449a50fe3679555c3518f7a0885f572457f',
    theirsX: 'edd1fd3e327ce90cc7a3542614289aee9682003e9cf7dcc9cf2ca9743be5aa0c',
    sharedX: '13c1bf6a3ca37da9ffc7f45ec1810fa935c45454c03dc0144c1a9755bb52f81f',
    sharedSecret: 'a6f79eb08243b6f65dbe42bfe4a6cf3f131d6963fa5d06c770a18f7b9c489b78',
  },
  {
    initiator: true,
    secret: '846a784f1a03dea59cc679754a60a7145542fa130e3efbd815c81e909ce32933',
    ours: '480eacf1536b52257bf8ce78d8f4ce09395d744767c6c129e7838947ee625af3245592c111275e877d5baae22584cb5f1153e67c16bcd7da767726cd0d0c846a',
    theirs:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff22d5e441524d571a52b3def126189d3f416890a99d4da6ede2b0cde1760ce2c3f98457ae',
    oursX: '014e5bdbb1d7eb34a88a016ab3dd45e343dc703fafa8266907ab67a76c5eb2d6',
    theirsX: '568146140669e69646a6ffeb3793e8010e2732209b4c34ec13e209a070109183',
    sharedX: '10578110283044630bc13a9f12b00eb0af7cba9f53506add2b57ae07b3987ced',
    sharedSecret: 'e500c670f1b32f60e05009bddcdbfa7153afb19c20479583a54b43d85b3433a8',
  },
  {
    initiator: false,
    secret: 'c0f15820459f64d98e5c48681d13340572c574533dd9f7161b85fcc8224fdf30',
    ours: '682871104d694baca8b9c7990ae6288f49e1ff4feb21dd5cffad67db7752fdfb6c3608d6996c54be04b35feef037da09ee4d9dca2363b343bc2d4f6d0ea609da',
    theirs:
      '56bd0c06f10352c3a1a9f4b4c92f6fa2b26df124b57878353c1fc691c51abea77c8817daeeb9fa546b77c8daf79d89b22b0e1b87574ece42371f00237aa9d83a',
    oursX: '5d673dd0a75ccacf4e1310e9402ecdacdd474d8bbfa6eeefdde2e1b216d41dbe',
    theirsX: '2dd7b9cc85524f8670f695c3143ac26b45cebcabb2782a85e0fe15aee3956535',
    sharedX: '1c229ba46fadced7217df782d410961c1399375135e4aa718fa3424ec36539cc',
    sharedSecret: 'b764f617cf8c8dcf6018e4f5e8ee603a086498a3732621c9b0fc0a485ea0d2f0',
  },
  {
    initiator: true,
    secret: '96cb391886681d1d3e23948e51987771a8ec3001b640c18fb994a855cea66b6e',
    ours: 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffdde3a077a6fd73711a27250c439ba78ef63d89cd0918c0a0a75f301ed96aa2a43ecf3f61',
    theirs:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffa7730be30000000000000000000000000000000000000000000000000000000000000000',
    oursX: 'f7561c791f6f4aa73dcef3cac32f2433b4cfa4ab0666e93552b7cbc7249fb2de',
    theirsX: '5232c4b6bde9d3d45d7b763ebd7495399bb825cc21de51011761cd81a51bdc84',
    sharedX: '2651a46a622f79e2ab18819587e7f897e3f8351b1e1b66d8ed4543a1e40bc569',
    sharedSecret: '779a18107756169a6b369d043f3ef9a90178c7ab8c8c37b4edcd9b5397e41eca',
  },
  {
    initiator: false,
    secret: '4a7065c3ddbf84e29b8e20da0da3aaae1f708eae8ad1af4c4c00f46a7cda7b6b',
    ours: 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff450012ec3aeecf516f4b374af2e7fbb040e92dc3c0f12eafd00c729a137f4e892e5293c3',
    theirs:
      '9652d78baefc028cd37a6a92625b8b8f85fde1e4c944ad3f20e198bef8c02f19fffffffffffffffffffffffffffffffffffffffffffffffffffffffff2e91870',
    oursX: 'a0ff3dd41ca11036eea75ea08993c938894c7eebca99354ac2e0daa8a1a6b2ca',
    theirsX: '64c383e0e78ac99476ddff2061683eeefa505e3666673a1371342c3e6c26981d',
    sharedX: 'ca3f58a228c530be63eec8a427d16496776aefb22e693152a3a9394b9a87d097',
    sharedSecret: 'a993062a328371beecae7e2b05a34355c1cefbad7f855ad48331dcf002972999',
  },
  {
    initiator: true,
    secret: '0f69aeffeff6172647ee5aa80bfb418ee742f4e9f1a51b463ac7c120d620e37d',
    ours: 'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff04df0e67f9753e2cdb066b3b588a0069fde936a312e0d3f31acb335026b7072d8f2ad24c',
    theirs:
      '12a50f3fafea7c1eeada4cf8d33777704b77361453afc83bda91eef349ae044d20126c6200547ea5a6911776c05dee2a7f1a9ba7dfbabbbd273c3ef29ef46e46',
    oursX: '115b298a52a9362706ddd1e493de09443dd8ac2b0c3e4e5e8b6bb295598db05d',
    theirsX: 'eef379db9bd4b1aa90fc347fad33f7d53083389e22e971036f59f4e29d325ac2',
    sharedX: '32e15c20a09591b6600c778752a582fed444444fd0d3317613555c6509ff4b8d',
    sharedSecret: '1756deace376ece25da9825fe49f76a9272a89a7b746c83ca2c4016f5a30ead4',
  },
] as const;
