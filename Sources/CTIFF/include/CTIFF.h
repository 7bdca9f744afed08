// TIFF in memory to samples, through libtiff: its handlers take variable arguments, which Swift cannot give.
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { CTIFF_MESSAGE = 160 };

typedef struct {
  uint32_t width, height;
  int channels;    // 1 for grey, 3 for RGB
  int bits;        // 8 or 16 for unsigned samples, 32 for floats; in the machine's order of bytes
  int orientation; // the tag's value, 1 if there is none
  void *samples;   // [height, width, channels], to be freed with ctiff_free
} ctiff_picture;

// Decodes the first page. Strips and tiles, interleaved and planar; 1, 2, 4 bits, palettes and YCbCr are expanded to 8;
// alpha is dropped, white-is-zero inverted. Returns 0, or 1 with a message.
// More than `free_pixels` are only decoded from a file that is large enough for them in its compression.
int ctiff_decode(const uint8_t *bytes, size_t count, size_t pixel_limit, size_t free_pixels, ctiff_picture *picture,
                 char message[CTIFF_MESSAGE]);
void ctiff_free(void *memory);
