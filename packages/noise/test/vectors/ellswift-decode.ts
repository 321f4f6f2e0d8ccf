/** BIP324, ellswift_decode_test_vectors.csv: any 64 bytes, and the x coordinate that they stand for. */
export const ellSwiftDecodeVectors = [
  {
    name: 'u%p=0;t%p=0;valid_x(x2)',
    encoded:
      '00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000',
    x: 'edd1fd3e327ce90cc7a3542614289aee9682003e9cf7dcc9cf2ca9743be5aa0c',
  },
  {
    name: 'u%p=0;valid_x(x1)',
    encoded:
      '000000000000000000000000000000000000000000000000000000000000000001d3475bf7655b0fb2d852921035b2ef607f49069b97454e6795251062741771',
    x: 'b5da00b73cd6560520e7c364086e7cd23a34bf60d0e707be9fc34d4cd5fdfa2c',
  },
  {
    name: 'u%p=0;valid_x(x3);valid_x(x2);valid_x(x1)',
    encoded:
      '000000000000000000000000000000000000000000000000000000000000000082277c4a71f9d22e66ece523f8fa08741a7c0912c66a69ce68514bfd3515b49f',
    x: 'f482f2e241753ad0fb89150d8491dc1e34ff0b8acfbb442cfe999e2e5e6fd1d2',
  },
  {
    name: 'u%p=0;valid_x(x2)',
    encoded:
      '00000000000000000000000000000000000000000000000000000000000000008421cc930e77c9f514b6915c3dbe2a94c6d8f690b5b739864ba6789fb8a55dd0',
    x: '9f59c40275f5085a006f05dae77eb98c6fd0db1ab4a72ac47eae90a4fc9e57e0',
  },
  {
    name: "u%p=0;(u'^3-t'^2+7)%p=0;valid_x(x3)",
    encoded:
      '0000000000000000000000000000000000000000000000000000000000000000bde70df51939b94c9c24979fa7dd04ebd9b3572da7802290438af2a681895441',
    x: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9fffffd6b',
  },
  {
    name: 'u%p=0;valid_x(x3)',
    encoded:
      '0000000000000000000000000000000000000000000000000000000000000000d19c182d2759cd99824228d94799f8c6557c38a1c0d6779b9d4b729c6f1ccc42',
    x: '70720db7e238d04121f5b1afd8cc5ad9d18944c6bdc94881f502b7a3af3aecff',
  },
  {
    name: 'u%p=0;t%p=0;valid_x(x2);t>=p',
    encoded:
      '0000000000000000000000000000000000000000000000000000000000000000fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f',
    x: 'edd1fd3e327ce90cc7a3542614289aee9682003e9cf7dcc9cf2ca9743be5aa0c',
  },
  {
    name: 'u%p=0;valid_x(x3);valid_x(x2);valid_x(x1);t>=p',
    encoded:
      '0000000000000000000000000000000000000000000000000000000000000000ffffffffffffffffffffffffffffffffffffffffffffffffffffffff2664bbd5',
    x: '50873db31badcc71890e4f67753a65757f97aaa7dd5f1e82b753ace32219064b',
  },
  {
    name: 'u%p=0;valid_x(x2);t>=p',
    encoded:
      '0000000000000000000000000000000000000000000000000000000000000000ffffffffffffffffffffffffffffffffffffffffffffffffffffffff7028de7d',
    x: '1eea9cc59cfcf2fa151ac6c274eea4110feb4f7b68c5965732e9992e976ef68e',
  },
  {
    name: 'u%p=0;valid_x(x1);t>=p',
    encoded:
      '0000000000000000000000000000000000000000000000000000000000000000ffffffffffffffffffffffffffffffffffffffffffffffffffffffffcbcfb7e7',
    x: '12303941aedc208880735b1f1795c8e55be520ea93e103357b5d2adb7ed59b8e',
  },
  {
    name: 'u%p=0;valid_x(x3);t>=p',
    encoded:
      '0000000000000000000000000000000000000000000000000000000000000000fffffffffffffffffffffffffffffffffffffffffffffffffffffffff3113ad9',
    x: '7eed6b70e7b0767c7d7feac04e57aa2a12fef5e0f48f878fcbb88b3b6b5e0783',
  },
  {
    name: "t%p=0;(u'^3+t'^2+7)%p=0;valid_x(x3);valid_x(x2);valid_x(x1)",
    encoded:
      '0a2d2ba93507f1df233770c2a797962cc61f6d15da14ecd47d8d27ae1cd5f8530000000000000000000000000000000000000000000000000000000000000000',
    x: '532167c11200b08c0e84a354e74dcc40f8b25f4fe686e30869526366278a0688',
  },
  {
    name: "t%p=0;(u'^3+t'^2+7)%p=0;valid_x(x3);valid_x(x2);valid_x(x1);t>=p",
    encoded:
      '0a2d2ba93507f1df233770c2a797962cc61f6d15da14ecd47d8d27ae1cd5f853fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f',
    x: '532167c11200b08c0e84a354e74dcc40f8b25f4fe686e30869526366278a0688',
  },
  {
    name: 'valid_x(x3)',
    encoded:
      '0ffde9ca81d751e9cdaffc1a50779245320b28996dbaf32f822f20117c22fbd6c74d99efceaa550f1ad1c0f43f46e7ff1ee3bd0162b7bf55f2965da9c3450646',
    x: '74e880b3ffd18fe3cddf7902522551ddf97fa4a35a3cfda8197f947081a57b8f',
  },
  {
    name: 'valid_x(x2);t>=p',
    encoded:
      '0ffde9ca81d751e9cdaffc1a50779245320b28996dbaf32f822f20117c22fbd6ffffffffffffffffffffffffffffffffffffffffffffffffffffffff156ca896',
    x: '377b643fce2271f64e5c8101566107c1be4980745091783804f654781ac9217c',
  },
  {
    name: "(u'^3-t'^2+7)%p=0;valid_x(x3);valid_x(x2);valid_x(x1);t>=p",
    encoded:
      '123658444f32be8f02ea2034afa7ef4bbe8adc918ceb49b12773b625f490b368ffffffffffffffffffffffffffffffffffffffffffffffffffffffff8dc5fe11',
    x: 'ed16d65cf3a9538fcb2c139f1ecbc143ee14827120cbc2659e667256800b8142',
  },
  {
    name: "(u'^3+t'^2+7)%p=0;valid_x(x3);t>=p",
    encoded:
      '146f92464d15d36e35382bd3ca5b0f976c95cb08acdcf2d5b3570617990839d7ffffffffffffffffffffffffffffffffffffffffffffffffffffffff3145e93b',
    x: '0d5cd840427f941f65193079ab8e2e83024ef2ee7ca558d88879ffd879fb6657',
  },
  {
    name: "(u'^3+t'^2+7)%p=0;valid_x(x2);t>=p",
    encoded:
      '15fdf5cf09c90759add2272d574d2bb5fe1429f9f3c14c65e3194bf61b82aa73ffffffffffffffffffffffffffffffffffffffffffffffffffffffff04cfd906',
    x: '16d0e43946aec93f62d57eb8cde68951af136cf4b307938dd1447411e07bffe1',
  },
  {
    name: 't%p=0;valid_x(x2)',
    encoded:
      '1f67edf779a8a649d6def60035f2fa22d022dd359079a1a144073d84f19b92d50000000000000000000000000000000000000000000000000000000000000000',
    x: '025661f9aba9d15c3118456bbe980e3e1b8ba2e047c737a4eb48a040bb566f6c',
  },
  {
    name: 't%p=0;valid_x(x2);t>=p',
    encoded:
      '1f67edf779a8a649d6def60035f2fa22d022dd359079a1a144073d84f19b92d5fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f',
    x: '025661f9aba9d15c3118456bbe980e3e1b8ba2e047c737a4eb48a040bb566f6c',
  },
  {
    name: "t%p=0;(u'^3-t'^2+7)%p=0;valid_x(x3);valid_x(x2);valid_x(x1);t>=p",
    encoded:
      '1fe1e5ef3fceb5c135ab7741333ce5a6e80d68167653f6b2b24bcbcfaaaff507fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f',
    x: '98bec3b2a351fa96cfd191c1778351931b9e9ba9ad1149f6d9eadca80981b801',
  },
  {
    name: "(u'^3-t'^2+7)%p=0;valid_x(x3)",
    encoded:
      '4056a34a210eec7892e8820675c860099f857b26aad85470ee6d3cf1304a9dcf375e70374271f20b13c9986ed7d3c17799698cfc435dbed3a9f34b38c823c2b4',
    x: '868aac2003b29dbcad1a3e803855e078a89d16543ac64392d122417298cec76e',
  },
  {
    name: "(u'^3+t'^2+7)%p=0;valid_x(x1);t>=p",
    encoded:
      '4197ec3723c654cfdd32ab075506648b2ff5070362d01a4fff14b336b78f963fffffffffffffffffffffffffffffffffffffffffffffffffffffffffb3ab1e95',
    x: 'ba5a6314502a8952b8f456e085928105f665377a8ce27726a5b0eb7ec1ac0286',
  },
  {
    name: "(u'^3+t'^2+7)%p=0;valid_x(x3);valid_x(x2);valid_x(x1);t>=p",
    encoded:
      '47eb3e208fedcdf8234c9421e9cd9a7ae873bfbdbc393723d1ba1e1e6a8e6b24ffffffffffffffffffffffffffffffffffffffffffffffffffffffff7cd12cb1',
    x: 'd192d52007e541c9807006ed0468df77fd214af0a795fe119359666fdcf08f7c',
  },
  {
    name: "(u'^3+t'^2+7)%p=0;valid_x(x1)",
    encoded:
      '5eb9696a2336fe2c3c666b02c755db4c0cfd62825c7b589a7b7bb442e141c1d693413f0052d49e64abec6d5831d66c43612830a17df1fe4383db896468100221',
    x: 'ef6e1da6d6c7627e80f7a7234cb08a022c1ee1cf29e4d0f9642ae924cef9eb38',
  },
  {
    name: 't%p=0;valid_x(x1)',
    encoded:
      '7bf96b7b6da15d3476a2b195934b690a3a3de3e8ab8474856863b0de3af90b0e0000000000000000000000000000000000000000000000000000000000000000',
    x: '50851dfc9f418c314a437295b24feeea27af3d0cd2308348fda6e21c463e46ff',
  },
  {
    name: 't%p=0;valid_x(x1);t>=p',
    encoded:
      '7bf96b7b6da15d3476a2b195934b690a3a3de3e8ab8474856863b0de3af90b0efffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f',
    x: '50851dfc9f418c314a437295b24feeea27af3d0cd2308348fda6e21c463e46ff',
  },
  {
    name: "(u'^3+t'^2+7)%p=0;valid_x(x2)",
    encoded:
      '851b1ca94549371c4f1f7187321d39bf51c6b7fb61f7cbf027c9da62021b7a65fc54c96837fb22b362eda63ec52ec83d81bedd160c11b22d965d9f4a6d64d251',
    x: '3e731051e12d33237eb324f2aa5b16bb868eb49a1aa1fadc19b6e8761b5a5f7b',
  },
  {
    name: 't%p=0;valid_x(x3);valid_x(x2);valid_x(x1)',
    encoded:
      '943c2f775108b737fe65a9531e19f2fc2a197f5603e3a2881d1d83e4008f91250000000000000000000000000000000000000000000000000000000000000000',
    x: '311c61f0ab2f32b7b1f0223fa72f0a78752b8146e46107f8876dd9c4f92b2942',
  },
  {
    name: 't%p=0;valid_x(x3);valid_x(x2);valid_x(x1);t>=p',
    encoded:
      '943c2f775108b737fe65a9531e19f2fc2a197f5603e3a2881d1d83e4008f9125fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f',
    x: '311c61f0ab2f32b7b1f0223fa72f0a78752b8146e46107f8876dd9c4f92b2942',
  },
  {
    name: 'valid_x(x1)',
    encoded:
      'a0f18492183e61e8063e573606591421b06bc3513631578a73a39c1c3306239f2f32904f0d2a33ecca8a5451705bb537d3bf44e071226025cdbfd249fe0f7ad6',
    x: '97a09cf1a2eae7c494df3c6f8a9445bfb8c09d60832f9b0b9d5eabe25fbd14b9',
  },
  {
    name: 'valid_x(x2)',
    encoded:
      'a1ed0a0bd79d8a23cfe4ec5fef5ba5cccfd844e4ff5cb4b0f2e71627341f1c5b17c499249e0ac08d5d11ea1c2c8ca7001616559a7994eadec9ca10fb4b8516dc',
    x: '65a89640744192cdac64b2d21ddf989cdac7500725b645bef8e2200ae39691f2',
  },
  {
    name: 'valid_x(x1);t>=p',
    encoded:
      'ba94594a432721aa3580b84c161d0d134bc354b690404d7cd4ec57c16d3fbe98ffffffffffffffffffffffffffffffffffffffffffffffffffffffffea507dd7',
    x: '5e0d76564aae92cb347e01a62afd389a9aa401c76c8dd227543dc9cd0efe685a',
  },
  {
    name: 'valid_x(x3);valid_x(x2);valid_x(x1)',
    encoded:
      'bcaf7219f2f6fbf55fe5e062dce0e48c18f68103f10b8198e974c184750e1be3932016cbf69c4471bd1f656c6a107f1973de4af7086db897277060e25677f19a',
    x: '2d97f96cac882dfe73dc44db6ce0f1d31d6241358dd5d74eb3d3b50003d24c2b',
  },
  {
    name: 'valid_x(x3);valid_x(x2);valid_x(x1);t>=p',
    encoded:
      'bcaf7219f2f6fbf55fe5e062dce0e48c18f68103f10b8198e974c184750e1be3ffffffffffffffffffffffffffffffffffffffffffffffffffffffff6507d09a',
    x: 'e7008afe6e8cbd5055df120bd748757c686dadb41cce75e4addcc5e02ec02b44',
  },
  {
    name: "(u'^3+t'^2+7)%p=0;valid_x(x3)",
    encoded:
      'c5981bae27fd84401c72a155e5707fbb811b2b620645d1028ea270cbe0ee225d4b62aa4dca6506c1acdbecc0552569b4b21436a5692e25d90d3bc2eb7ce24078',
    x: '948b40e7181713bc018ec1702d3d054d15746c59a7020730dd13ecf985a010d7',
  },
  {
    name: "(u'^3-t'^2+7)%p=0;valid_x(x3);valid_x(x2);valid_x(x1)",
    encoded:
      'c894ce48bfec433014b931a6ad4226d7dbd8eaa7b6e3faa8d0ef94052bcf8cff336eeb3919e2b4efb746c7f71bbca7e9383230fbbc48ffafe77e8bcc69542471',
    x: 'f1c91acdc2525330f9b53158434a4d43a1c547cff29f15506f5da4eb4fe8fa5a',
  },
  {
    name: "t%p=0;(u'^3-t'^2+7)%p=0;valid_x(x3);valid_x(x2);valid_x(x1)",
    encoded:
      'cbb0deab125754f1fdb2038b0434ed9cb3fb53ab735391129994a535d925f6730000000000000000000000000000000000000000000000000000000000000000',
    x: '872d81ed8831d9998b67cb7105243edbf86c10edfebb786c110b02d07b2e67cd',
  },
  {
    name: 'valid_x(x3);t>=p',
    encoded:
      'd917b786dac35670c330c9c5ae5971dfb495c8ae523ed97ee2420117b171f41effffffffffffffffffffffffffffffffffffffffffffffffffffffff2001f6f6',
    x: 'e45b71e110b831f2bdad8651994526e58393fde4328b1ec04d59897142584691',
  },
  {
    name: 't%p=0;valid_x(x3)',
    encoded:
      'e28bd8f5929b467eb70e04332374ffb7e7180218ad16eaa46b7161aa679eb4260000000000000000000000000000000000000000000000000000000000000000',
    x: '66b8c980a75c72e598d383a35a62879f844242ad1e73ff12edaa59f4e58632b5',
  },
  {
    name: 't%p=0;valid_x(x3);t>=p',
    encoded:
      'e28bd8f5929b467eb70e04332374ffb7e7180218ad16eaa46b7161aa679eb426fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f',
    x: '66b8c980a75c72e598d383a35a62879f844242ad1e73ff12edaa59f4e58632b5',
  },
  {
    name: "(u'^3+t'^2+7)%p=0;valid_x(x3);valid_x(x2);valid_x(x1)",
    encoded:
      'e7ee5814c1706bf8a89396a9b032bc014c2cac9c121127dbf6c99278f8bb53d1dfd04dbcda8e352466b6fcd5f2dea3e17d5e133115886eda20db8a12b54de71b',
    x: 'e842c6e3529b234270a5e97744edc34a04d7ba94e44b6d2523c9cf0195730a50',
  },
  {
    name: "(u'^3-t'^2+7)%p=0;valid_x(x3);t>=p",
    encoded:
      'f292e46825f9225ad23dc057c1d91c4f57fcb1386f29ef10481cb1d22518593fffffffffffffffffffffffffffffffffffffffffffffffffffffffff7011c989',
    x: '3cea2c53b8b0170166ac7da67194694adacc84d56389225e330134dab85a4d55',
  },
  {
    name: 'u%p=0;t%p=0;valid_x(x2);u>=p',
    encoded:
      'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f0000000000000000000000000000000000000000000000000000000000000000',
    x: 'edd1fd3e327ce90cc7a3542614289aee9682003e9cf7dcc9cf2ca9743be5aa0c',
  },
  {
    name: 'u%p=0;valid_x(x1);u>=p',
    encoded:
      'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f01d3475bf7655b0fb2d852921035b2ef607f49069b97454e6795251062741771',
    x: 'b5da00b73cd6560520e7c364086e7cd23a34bf60d0e707be9fc34d4cd5fdfa2c',
  },
  {
    name: "u%p=0;(u'^3-t'^2+7)%p=0;valid_x(x3);u>=p",
    encoded:
      'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f4218f20ae6c646b363db68605822fb14264ca8d2587fdd6fbc750d587e76a7ee',
    x: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa9fffffd6b',
  },
  {
    name: 'u%p=0;valid_x(x3);valid_x(x2);valid_x(x1);u>=p',
    encoded:
      'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f82277c4a71f9d22e66ece523f8fa08741a7c0912c66a69ce68514bfd3515b49f',
    x: 'f482f2e241753ad0fb89150d8491dc1e34ff0b8acfbb442cfe999e2e5e6fd1d2',
  },
  {
    name: 'u%p=0;valid_x(x2);u>=p',
    encoded:
      'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f8421cc930e77c9f514b6915c3dbe2a94c6d8f690b5b739864ba6789fb8a55dd0',
    x: '9f59c40275f5085a006f05dae77eb98c6fd0db1ab4a72ac47eae90a4fc9e57e0',
  },
  {
    name: 'u%p=0;valid_x(x3);u>=p',
    encoded:
      'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fd19c182d2759cd99824228d94799f8c6557c38a1c0d6779b9d4b729c6f1ccc42',
    x: '70720db7e238d04121f5b1afd8cc5ad9d18944c6bdc94881f502b7a3af3aecff',
  },
  {
    name: 'u%p=0;t%p=0;valid_x(x2);u>=p;t>=p',
    encoded:
      'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2ffffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f',
    x: 'edd1fd3e327ce90cc7a3542614289aee9682003e9cf7dcc9cf2ca9743be5aa0c',
  },
  {
    name: 'u%p=0;valid_x(x3);valid_x(x2);valid_x(x1);u>=p;t>=p',
    encoded:
      'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fffffffffffffffffffffffffffffffffffffffffffffffffffffffff2664bbd5',
    x: '50873db31badcc71890e4f67753a65757f97aaa7dd5f1e82b753ace32219064b',
  },
  {
    name: 'u%p=0;valid_x(x2);u>=p;t>=p',
    encoded:
      'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fffffffffffffffffffffffffffffffffffffffffffffffffffffffff7028de7d',
    x: '1eea9cc59cfcf2fa151ac6c274eea4110feb4f7b68c5965732e9992e976ef68e',
  },
  {
    name: 'u%p=0;valid_x(x1);u>=p;t>=p',
    encoded:
      'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2fffffffffffffffffffffffffffffffffffffffffffffffffffffffffcbcfb7e7',
    x: '12303941aedc208880735b1f1795c8e55be520ea93e103357b5d2adb7ed59b8e',
  },
  {
    name: 'u%p=0;valid_x(x3);u>=p;t>=p',
    encoded:
      'fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2ffffffffffffffffffffffffffffffffffffffffffffffffffffffffff3113ad9',
    x: '7eed6b70e7b0767c7d7feac04e57aa2a12fef5e0f48f878fcbb88b3b6b5e0783',
  },
  {
    name: 't%p=0;valid_x(x1);u>=p',
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff13cea4a70000000000000000000000000000000000000000000000000000000000000000',
    x: '649984435b62b4a25d40c6133e8d9ab8c53d4b059ee8a154a3be0fcf4e892edb',
  },
  {
    name: 't%p=0;valid_x(x1);u>=p;t>=p',
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff13cea4a7fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f',
    x: '649984435b62b4a25d40c6133e8d9ab8c53d4b059ee8a154a3be0fcf4e892edb',
  },
  {
    name: "(u'^3+t'^2+7)%p=0;valid_x(x2);u>=p",
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff15028c590063f64d5a7f1c14915cd61eac886ab295bebd91992504cf77edb028bdd6267f',
    x: '3fde5713f8282eead7d39d4201f44a7c85a5ac8a0681f35e54085c6b69543374',
  },
  {
    name: 't%p=0;valid_x(x3);valid_x(x2);valid_x(x1);u>=p',
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff2715de860000000000000000000000000000000000000000000000000000000000000000',
    x: '3524f77fa3a6eb4389c3cb5d27f1f91462086429cd6c0cb0df43ea8f1e7b3fb4',
  },
  {
    name: 't%p=0;valid_x(x3);valid_x(x2);valid_x(x1);u>=p;t>=p',
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff2715de86fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f',
    x: '3524f77fa3a6eb4389c3cb5d27f1f91462086429cd6c0cb0df43ea8f1e7b3fb4',
  },
  {
    name: "(u'^3-t'^2+7)%p=0;valid_x(x3);valid_x(x2);valid_x(x1);u>=p",
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff2c2c5709e7156c417717f2feab147141ec3da19fb759575cc6e37b2ea5ac9309f26f0f66',
    x: 'd2469ab3e04acbb21c65a1809f39caafe7a77c13d10f9dd38f391c01dc499c52',
  },
  {
    name: 'valid_x(x3);u>=p;t>=p',
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff3a08cc1efffffffffffffffffffffffffffffffffffffffffffffffffffffffff760e9f0',
    x: '38e2a5ce6a93e795e16d2c398bc99f0369202ce21e8f09d56777b40fc512bccc',
  },
  {
    name: 'valid_x(x3);u>=p',
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff3e91257d932016cbf69c4471bd1f656c6a107f1973de4af7086db897277060e25677f19a',
    x: '864b3dc902c376709c10a93ad4bbe29fce0012f3dc8672c6286bba28d7d6d6fc',
  },
  {
    name: "(u'^3+t'^2+7)%p=0;valid_x(x1);u>=p",
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff795d6c1c322cadf599dbb86481522b3cc55f15a67932db2afa0111d9ed6981bcd124bf44',
    x: '766dfe4a700d9bee288b903ad58870e3d4fe2f0ef780bcac5c823f320d9a9bef',
  },
  {
    name: 'valid_x(x1);u>=p',
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff8e426f0392389078c12b1a89e9542f0593bc96b6bfde8224f8654ef5d5cda935a3582194',
    x: 'faec7bc1987b63233fbc5f956edbf37d54404e7461c58ab8631bc68e451a0478',
  },
  {
    name: 'valid_x(x2);u>=p;t>=p',
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff91192139ffffffffffffffffffffffffffffffffffffffffffffffffffffffff45f0f1eb',
    x: 'ec29a50bae138dbf7d8e24825006bb5fc1a2cc1243ba335bc6116fb9e498ec1f',
  },
  {
    name: "(u'^3-t'^2+7)%p=0;valid_x(x3);u>=p",
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff98eb9ab76e84499c483b3bf06214abfe065dddf43b8601de596d63b9e45a166a580541fe',
    x: '1e0ff2dee9b09b136292a9e910f0d6ac3e552a644bba39e64e9dd3e3bbd3d4d4',
  },
  {
    name: 'valid_x(x2);u>=p',
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff9b77b7f2c74d99efceaa550f1ad1c0f43f46e7ff1ee3bd0162b7bf55f2965da9c3450646',
    x: '8b7dd5c3edba9ee97b70eff438f22dca9849c8254a2f3345a0a572ffeaae0928',
  },
  {
    name: 'valid_x(x3);valid_x(x2);valid_x(x1);u>=p;t>=p',
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffff9b77b7f2ffffffffffffffffffffffffffffffffffffffffffffffffffffffff156ca896',
    x: '0881950c8f51d6b9a6387465d5f12609ef1bb25412a08a74cb2dfb200c74bfbf',
  },
  {
    name: "(u'^3+t'^2+7)%p=0;valid_x(x3);valid_x(x2);valid_x(x1);u>=p",
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffa2f5cd838816c16c4fe8a1661d606fdb13cf9af04b979a2e159a09409ebc8645d58fde02',
    x: '2f083207b9fd9b550063c31cd62b8746bd543bdc5bbf10e3a35563e927f440c8',
  },
  {
    name: 't%p=0;valid_x(x3);u>=p',
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffb13f75c00000000000000000000000000000000000000000000000000000000000000000',
    x: '4f51e0be078e0cddab2742156adba7e7a148e73157072fd618cd60942b146bd0',
  },
  {
    name: 't%p=0;valid_x(x3);u>=p;t>=p',
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffb13f75c0fffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f',
    x: '4f51e0be078e0cddab2742156adba7e7a148e73157072fd618cd60942b146bd0',
  },
  {
    name: 't%p=0;valid_x(x2);u>=p',
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffe7bc1f8d0000000000000000000000000000000000000000000000000000000000000000',
    x: '16c2ccb54352ff4bd794f6efd613c72197ab7082da5b563bdf9cb3edaafe74c2',
  },
  {
    name: 't%p=0;valid_x(x2);u>=p;t>=p',
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffe7bc1f8dfffffffffffffffffffffffffffffffffffffffffffffffffffffffefffffc2f',
    x: '16c2ccb54352ff4bd794f6efd613c72197ab7082da5b563bdf9cb3edaafe74c2',
  },
  {
    name: "(u'^3+t'^2+7)%p=0;valid_x(x3);u>=p",
    encoded:
      'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffef64d162750546ce42b0431361e52d4f5242d8f24f33e6b1f99b591647cbc808f462af51',
    x: 'd41244d11ca4f65240687759f95ca9efbab767ededb38fd18c36e18cd3b6f6a9',
  },
  {
    name: 'valid_x(x3);valid_x(x2);valid_x(x1);u>=p',
    encoded:
      'fffffffffffffffffffffffffffffffffffffffffffffffffffffffff0e5be52372dd6e894b2a326fc3605a6e8f3c69c710bf27d630dfe2004988b78eb6eab36',
    x: '64bf84dd5e03670fdb24c0f5d3c2c365736f51db6c92d95010716ad2d36134c8',
  },
  {
    name: 'valid_x(x1);u>=p;t>=p',
    encoded:
      'fffffffffffffffffffffffffffffffffffffffffffffffffffffffffefbb982fffffffffffffffffffffffffffffffffffffffffffffffffffffffff6d6db1f',
    x: '1c92ccdfcf4ac550c28db57cff0c8515cb26936c786584a70114008d6c33a34b',
  },
] as const;
