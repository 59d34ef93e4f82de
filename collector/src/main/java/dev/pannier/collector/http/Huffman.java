package dev.pannier.collector.http;

/// HPACK's Huffman code (RFC 7541, Appendix B). The code is canonical: codes of one length are
/// consecutive, in the order of [#SYMBOLS], and follow those of the shorter lengths. So the code
/// is the list of symbols by length, and a symbol is found by comparing the next 32 bits with the
/// first code of the next length.
final class Huffman {
  private static final int END_OF_STRING = 256;

  /// How many symbols have a code of 0, 1, 2 … 30 bits.
  private static final int[] COUNTS = {
    0, 0, 0, 0, 0, 10, 26, 32, 6, 0, 5, 3, 2, 6, 2, 3, 0, 0, 0, 3, 8, 13, 26, 29, 12, 4, 15, 19, 29,
    0, 4
  };

  private static final short[] SYMBOLS = {
    48,
    49,
    50,
    97,
    99,
    101,
    105,
    111,
    115,
    116, // 5 bits
    32,
    37,
    45,
    46,
    47,
    51,
    52,
    53,
    54,
    55,
    56,
    57,
    61,
    65,
    95,
    98,
    100,
    102,
    103,
    104,
    108,
    109,
    110,
    112,
    114,
    117, // 6
    58,
    66,
    67,
    68,
    69,
    70,
    71,
    72,
    73,
    74,
    75,
    76,
    77,
    78,
    79,
    80,
    81,
    82,
    83,
    84,
    85,
    86,
    87,
    89,
    106,
    107,
    113,
    118,
    119,
    120,
    121,
    122, // 7
    38,
    42,
    44,
    59,
    88,
    90, // 8
    33,
    34,
    40,
    41,
    63, // 10
    39,
    43,
    124, // 11
    35,
    62, // 12
    0,
    36,
    64,
    91,
    93,
    126, // 13
    94,
    125, // 14
    60,
    96,
    123, // 15
    92,
    195,
    208, // 19
    128,
    130,
    131,
    162,
    184,
    194,
    224,
    226, // 20
    153,
    161,
    167,
    172,
    176,
    177,
    179,
    209,
    216,
    217,
    227,
    229,
    230, // 21
    129,
    132,
    133,
    134,
    136,
    146,
    154,
    156,
    160,
    163,
    164,
    169,
    170,
    173,
    178,
    181,
    185,
    186,
    187,
    189,
    190,
    196,
    198,
    228,
    232,
    233, // 22
    1,
    135,
    137,
    138,
    139,
    140,
    141,
    143,
    147,
    149,
    150,
    151,
    152,
    155,
    157,
    158,
    165,
    166,
    168,
    174,
    175,
    180,
    182,
    183,
    188,
    191,
    197,
    231,
    239, // 23
    9,
    142,
    144,
    145,
    148,
    159,
    171,
    206,
    215,
    225,
    236,
    237, // 24
    199,
    207,
    234,
    235, // 25
    192,
    193,
    200,
    201,
    202,
    205,
    210,
    213,
    218,
    219,
    238,
    240,
    242,
    243,
    255, // 26
    203,
    204,
    211,
    212,
    214,
    221,
    222,
    223,
    241,
    244,
    245,
    246,
    247,
    248,
    250,
    251,
    252,
    253,
    254, // 27
    2,
    3,
    4,
    5,
    6,
    7,
    8,
    11,
    12,
    14,
    15,
    16,
    17,
    18,
    19,
    20,
    21,
    23,
    24,
    25,
    26,
    27,
    28,
    29,
    30,
    31,
    127,
    220,
    249, // 28
    10,
    13,
    22,
    END_OF_STRING // 30
  };

  private static final int SHORTEST = 5;
  private static final int LONGEST = 30;

  /// For each length the first code that is longer, left-aligned in 32 bits (unsigned).
  private static final long[] BEYOND = new long[LONGEST + 1];

  /// For each length its first code, and the index in [#SYMBOLS] of that code's symbol.
  private static final int[] FIRST_CODE = new int[LONGEST + 1];

  private static final int[] FIRST_INDEX = new int[LONGEST + 1];

  static {
    int code = 0;
    int index = 0;
    for (int length = 1; length <= LONGEST; length++) {
      code <<= 1;
      FIRST_CODE[length] = code;
      FIRST_INDEX[length] = index;
      code += COUNTS[length];
      index += COUNTS[length];
      BEYOND[length] = (long) code << (32 - length);
    }
  }

  private Huffman() {}

  /// Decodes `in[offset, offset + length)` to `out`.
  ///
  /// @param out has room for 8 bytes for each 5 of `in`
  /// @return how many bytes were written; -1 where the padding is wrong or the code for the end of
  ///     the string occurs
  static int decode(byte[] in, int offset, int length, byte[] out) {
    long bits = 0; // the next bits, left-aligned
    int available = 0;
    int written = 0;
    int next = offset;
    int end = offset + length;
    while (true) {
      while (available <= 32 && next < end) {
        bits |= (in[next++] & 0xffL) << (56 - available);
        available += 8;
      }
      long window = bits >>> 32;
      int size = SHORTEST;
      while (size <= LONGEST && window >= BEYOND[size]) {
        size++;
      }
      if (size > available) {
        // What is left has to be padding: fewer than 8 bits, all of them 1.
        boolean ones = available < 8 && bits >>> (64 - available) == (1L << available) - 1;
        return available == 0 || ones ? written : -1;
      }
      int symbol = SYMBOLS[FIRST_INDEX[size] + (int) (window >>> (32 - size)) - FIRST_CODE[size]];
      if (symbol == END_OF_STRING) {
        return -1;
      }
      out[written++] = (byte) symbol;
      bits <<= size;
      available -= size;
    }
  }
}
