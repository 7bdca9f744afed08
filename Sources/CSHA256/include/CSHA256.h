// SHA-256 (FIPS 180-4), streaming. C, so that debug builds hash weights files as fast as release builds.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct {
  uint32_t state[8];
  uint64_t length;
  uint8_t block[64];
  size_t filled;
  int is_portable;  // without the processor's own instructions; sha256_begin decides, and tests may afterwards
} sha256_context;

void sha256_begin(sha256_context *context);
void sha256_update(sha256_context *context, const uint8_t *bytes, size_t count);
void sha256_end(sha256_context *context, uint8_t digest[32]);
