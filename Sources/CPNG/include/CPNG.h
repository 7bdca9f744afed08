// PNG in memory to pixels and back, through libpng's full interface: the simplified one would convert gamma. Errors
// come back as text; libpng's long jumps stay in here.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { CPNG_MESSAGE = 128 };

// Decodes any PNG to grey (channels 1) or RGB (3), of 8 bits or 16 (big-endian). Palettes and 1, 2, 4 bits are expanded,
// alpha is dropped. *pixels is to be freed with cpng_free. Returns 0, or 1 with a message.
int cpng_decode(const uint8_t *bytes, size_t count, size_t pixel_limit, uint8_t **pixels, uint32_t *width,
                uint32_t *height, int *channels, int *bits, char message[CPNG_MESSAGE]);
// Encodes rows of 8- or 16-bit grey or RGB (16-bit samples big-endian). *bytes is to be freed with cpng_free.
int cpng_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int bits, int level,
                uint8_t **bytes, size_t *count, char message[CPNG_MESSAGE]);
void cpng_free(void *memory);
