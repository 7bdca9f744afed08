#include "include/CPNG.h"
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
  const uint8_t *bytes;
  size_t count, position;
} source;

typedef struct {
  uint8_t *bytes;
  size_t count, capacity;
} sink;

static void fail(png_structp png, png_const_charp text) {
  char *message = png_get_error_ptr(png);
  strncpy(message, text, CPNG_MESSAGE - 1);
  message[CPNG_MESSAGE - 1] = 0;
  longjmp(png_jmpbuf(png), 1);
}

static void ignore(png_structp png, png_const_charp text) { (void)png, (void)text; }

static void read_bytes(png_structp png, png_bytep target, size_t length) {
  source *from = png_get_io_ptr(png);
  if (from->count - from->position < length) png_error(png, "the file is cut off");
  memcpy(target, from->bytes + from->position, length);
  from->position += length;
}

static void write_bytes(png_structp png, png_bytep data, size_t length) {
  sink *to = png_get_io_ptr(png);
  if (to->capacity - to->count < length) {
    size_t capacity = (to->count + length) * 2;
    uint8_t *grown = realloc(to->bytes, capacity);
    if (!grown) png_error(png, "there is not enough memory");
    to->bytes = grown;
    to->capacity = capacity;
  }
  memcpy(to->bytes + to->count, data, length);
  to->count += length;
}

static void flush(png_structp png) { (void)png; }

int cpng_decode(const uint8_t *bytes, size_t count, size_t pixel_limit, uint8_t **pixels, uint32_t *width,
                uint32_t *height, int *channels, int *bits, char message[CPNG_MESSAGE]) {
  source from = {bytes, count, 0};
  uint8_t *volatile decoded = NULL;
  png_bytep *volatile rows = NULL;
  strcpy(message, "there is not enough memory");
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, message, fail, ignore);
  if (!png) return 1;
  // Made before the jump's place is set: what changes after that would be lost.
  png_infop info = png_create_info_struct(png);
  if (!info) {
    png_destroy_read_struct(&png, NULL, NULL);
    return 1;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_read_struct(&png, &info, NULL);
    free(decoded);
    free(rows);
    return 1;
  }
  png_set_read_fn(png, &from, read_bytes);
#ifdef PNG_SET_UNKNOWN_CHUNKS_SUPPORTED
  // Of no use here, and a small one can unfold to megabytes.
  static const png_byte unused[] = "iCCP\0iTXt\0sPLT\0tEXt\0zTXt";
  png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, unused, sizeof unused / 5);
#endif
  png_read_info(png, info);
  *width = png_get_image_width(png, info);
  *height = png_get_image_height(png, info);
  if ((uint64_t)*width * *height > pixel_limit) png_error(png, "it has too many pixels");
  // Deflate packs at most 1032 bytes into one.
  if ((uint64_t)png_get_rowbytes(png, info) * *height / 1032 > count) {
    char text[CPNG_MESSAGE];
    snprintf(text, sizeof text, "its %zu bytes are too few for %u x %u pixels", count, *width, *height);
    png_error(png, text);
  }
  png_set_expand(png);
  png_set_strip_alpha(png);
  png_set_interlace_handling(png);
  png_read_update_info(png, info);
  *channels = png_get_channels(png, info);
  size_t stride = png_get_rowbytes(png, info);
  size_t samples = (size_t)*width * (size_t)*channels;
  int deep = png_get_bit_depth(png, info) == 16;
  *bits = deep ? 16 : 8;
  if ((*channels != 1 && *channels != 3) || stride != (deep ? 2 * samples : samples))
    png_error(png, "its colour type is not supported");
  decoded = malloc(stride * *height);
  rows = malloc(sizeof *rows * *height);
  if (!decoded || !rows) png_error(png, "there is not enough memory");
  for (uint32_t row = 0; row < *height; row++) rows[row] = decoded + row * stride;
  png_read_image(png, rows);
  png_read_end(png, NULL);
  png_destroy_read_struct(&png, &info, NULL);
  free(rows);
  *pixels = decoded;
  return 0;
}

int cpng_encode(const uint8_t *pixels, uint32_t width, uint32_t height, int channels, int bits, int level,
                uint8_t **bytes, size_t *count, char message[CPNG_MESSAGE]) {
  sink to = {NULL, 0, 0};
  sink *volatile kept = &to;
  strcpy(message, "there is not enough memory");
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, message, fail, ignore);
  if (!png) return 1;
  png_infop info = png_create_info_struct(png);
  if (!info) {
    png_destroy_write_struct(&png, NULL);
    return 1;
  }
  if (setjmp(png_jmpbuf(png))) {
    png_destroy_write_struct(&png, &info);
    free(kept->bytes);
    return 1;
  }
  png_set_write_fn(png, &to, write_bytes, flush);
  png_set_compression_level(png, level);
  // In haste rows are not tried with every filter: differences to the row above pack photographs and maps almost as well.
  if (level <= 1) png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_UP);
  png_set_IHDR(png, info, width, height, bits, channels == 1 ? PNG_COLOR_TYPE_GRAY : PNG_COLOR_TYPE_RGB,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  size_t stride = (size_t)width * (size_t)channels * (size_t)(bits / 8);
  for (uint32_t row = 0; row < height; row++) png_write_row(png, pixels + row * stride);
  png_write_end(png, NULL);
  png_destroy_write_struct(&png, &info);
  *bytes = to.bytes;
  *count = to.count;
  return 0;
}

void cpng_free(void *memory) { free(memory); }
