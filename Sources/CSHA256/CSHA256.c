#include "include/CSHA256.h"
#include <string.h>
#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

static const uint32_t round_constants[64] = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
  0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
  0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
  0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
};

static inline uint32_t rotated(uint32_t x, int n) { return x >> n | x << (32 - n); }

static void compress_portable(uint32_t state[8], const uint8_t *block) {
  uint32_t w[64], s[8];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)block[4 * i] << 24 | (uint32_t)block[4 * i + 1] << 16 | (uint32_t)block[4 * i + 2] << 8
           | block[4 * i + 3];
  for (int i = 16; i < 64; i++) {
    uint32_t a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (rotated(a, 7) ^ rotated(a, 18) ^ a >> 3) + w[i - 7] + (rotated(b, 17) ^ rotated(b, 19) ^ b >> 10);
  }
  memcpy(s, state, sizeof s);
  for (int i = 0; i < 64; i++) {
    uint32_t one = s[7] + (rotated(s[4], 6) ^ rotated(s[4], 11) ^ rotated(s[4], 25)) + ((s[4] & s[5]) ^ (~s[4] & s[6]))
                   + round_constants[i] + w[i];
    uint32_t two = (rotated(s[0], 2) ^ rotated(s[0], 13) ^ rotated(s[0], 22))
                   + ((s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]));
    memmove(s + 1, s, 7 * sizeof *s);
    s[4] += one;
    s[0] = one + two;
  }
  for (int i = 0; i < 8; i++) state[i] += s[i];
}

#if defined(__x86_64__)
// The processor's instructions for SHA-256: four rounds at a time, eight times as fast. Their registers hold a, b, e, f and
// c, d, g, h.
__attribute__((target("sha,sse4.1"))) static void compress_instructions(uint32_t state[8], const uint8_t *block) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  __m128i abcd = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)state), 0xb1);
  __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128((const __m128i *)(state + 4)), 0x1b);
  __m128i abef = _mm_alignr_epi8(abcd, efgh, 8), cdgh = _mm_blend_epi16(efgh, abcd, 0xf0);
  __m128i start_abef = abef, start_cdgh = cdgh, w[4];
#pragma clang loop unroll(full)
  for (int i = 0; i < 16; i++) {
    __m128i *now = w + i % 4, *next = w + (i + 1) % 4, *before = w + (i + 3) % 4;
    *now = i < 4 ? _mm_shuffle_epi8(_mm_loadu_si128((const __m128i *)block + i), big_endian)
                 : _mm_sha256msg2_epu32(
                     _mm_add_epi32(_mm_sha256msg1_epu32(*now, *next), _mm_alignr_epi8(*before, w[(i + 2) % 4], 4)),
                     *before);
    __m128i sum = _mm_add_epi32(*now, _mm_loadu_si128((const __m128i *)round_constants + i));
    cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
    abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
  }
  abcd = _mm_shuffle_epi32(_mm_add_epi32(abef, start_abef), 0x1b);
  efgh = _mm_shuffle_epi32(_mm_add_epi32(cdgh, start_cdgh), 0xb1);
  _mm_storeu_si128((__m128i *)state, _mm_blend_epi16(abcd, efgh, 0xf0));
  _mm_storeu_si128((__m128i *)(state + 4), _mm_alignr_epi8(efgh, abcd, 8));
}

static int has_instructions(void) {
  unsigned a, b, c, d;
  return __get_cpuid(1, &a, &b, &c, &d) && c >> 19 & 1 && __get_cpuid_count(7, 0, &a, &b, &c, &d) && b >> 29 & 1;
}
#else
static int has_instructions(void) { return 0; }
#define compress_instructions compress_portable
#endif

static void compress(sha256_context *context, const uint8_t *block) {
  (context->is_portable ? compress_portable : compress_instructions)(context->state, block);
}

void sha256_begin(sha256_context *context) {
  static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                    0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  memcpy(context->state, start, sizeof start);
  context->is_portable = !has_instructions();
  context->length = 0;
  context->filled = 0;
}

void sha256_update(sha256_context *context, const uint8_t *bytes, size_t count) {
  context->length += count;
  while (count) {
    if (context->filled == 0 && count >= 64) {
      compress(context, bytes);
      bytes += 64;
      count -= 64;
      continue;
    }
    size_t part = 64 - context->filled < count ? 64 - context->filled : count;
    memcpy(context->block + context->filled, bytes, part);
    context->filled += part;
    bytes += part;
    count -= part;
    if (context->filled == 64) {
      compress(context, context->block);
      context->filled = 0;
    }
  }
}

void sha256_end(sha256_context *context, uint8_t digest[32]) {
  uint64_t bits = context->length * 8;
  uint8_t padding[72] = {0x80};
  size_t zeros = (context->filled < 56 ? 56 : 120) - context->filled;
  for (int i = 0; i < 8; i++) padding[zeros + i] = (uint8_t)(bits >> (56 - 8 * i));
  sha256_update(context, padding, zeros + 8);
  for (int i = 0; i < 32; i++) digest[i] = (uint8_t)(context->state[i / 4] >> (24 - 8 * (i % 4)));
}
