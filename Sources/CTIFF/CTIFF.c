#include "include/CTIFF.h"
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tiffio.h>

typedef struct {
  const uint8_t *bytes;
  uint64_t count, position;
  char *message;
  // Strange tags are warnings that can be left alone; in the pictures' data a warning means damage.
  int warnings_count;
} source;

// ---- errors: the first one is kept, and nothing is printed

static int fail(source *from, const char *text) {
  if (!from->message[0]) snprintf(from->message, CTIFF_MESSAGE, "%s", text);
  return 1;
}

static void keep(source *from, const char *format, va_list values) {
  if (!from->message[0]) vsnprintf(from->message, CTIFF_MESSAGE, format, values);
}

#if TIFFLIB_VERSION >= 20221213
static int on_error(TIFF *tiff, void *data, const char *module, const char *format, va_list values) {
  (void)tiff, (void)module;
  keep(data, format, values);
  return 1;
}

static int on_warning(TIFF *tiff, void *data, const char *module, const char *format, va_list values) {
  source *from = data;
  if (from->warnings_count) on_error(tiff, data, module, format, values);
  return 1;
}
#else
// Before version 4.5 handlers were the process's; ours are told whose file it is, since all files here are `source`s.
static void on_error(thandle_t data, const char *module, const char *format, va_list values) {
  (void)module;
  keep(data, format, values);
}

static void on_warning(thandle_t data, const char *module, const char *format, va_list values) {
  source *from = data;
  if (from->warnings_count) on_error(data, module, format, values);
}
#endif

// ---- the file in memory

static tmsize_t read_bytes(thandle_t data, void *target, tmsize_t length) {
  source *from = data;
  uint64_t left = from->position < from->count ? from->count - from->position : 0;
  uint64_t amount = (uint64_t)length < left ? (uint64_t)length : left;
  if (amount) memcpy(target, from->bytes + from->position, amount);
  from->position += amount;
  return (tmsize_t)amount;
}

static tmsize_t write_bytes(thandle_t data, void *bytes, tmsize_t length) {
  (void)data, (void)bytes, (void)length;
  return 0;
}

static toff_t seek(thandle_t data, toff_t offset, int whence) {
  source *from = data;
  uint64_t base = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? from->position : from->count;
  // Beyond the end nothing can be read; the sum may wrap round, as for steps backwards.
  from->position = base + offset;
  return from->position;
}

static int close_nothing(thandle_t data) {
  (void)data;
  return 0;
}

static toff_t size_of(thandle_t data) { return ((source *)data)->count; }

static TIFF *open_memory(source *from) {
  // "m": not mapped into memory. Only the first page is looked at.
#if TIFFLIB_VERSION >= 20221213
  TIFFOpenOptions *options = TIFFOpenOptionsAlloc();
  if (!options) return NULL;
  TIFFOpenOptionsSetMaxSingleMemAlloc(options, (tmsize_t)1 << 30);
  TIFFOpenOptionsSetErrorHandlerExtR(options, on_error, from);
  TIFFOpenOptionsSetWarningHandlerExtR(options, on_warning, from);
  TIFF *tiff = TIFFClientOpenExt("", "rm", from, read_bytes, write_bytes, seek, close_nothing, size_of, NULL, NULL, options);
  TIFFOpenOptionsFree(options);
  return tiff;
#else
  TIFFSetErrorHandler(NULL);
  TIFFSetWarningHandler(NULL);
  TIFFSetErrorHandlerExt(on_error);
  TIFFSetWarningHandlerExt(on_warning);
  return TIFFClientOpen("", "rm", from, read_bytes, write_bytes, seek, close_nothing, size_of, NULL, NULL);
#endif
}

// ---- what kind of picture it is

typedef struct {
  uint32_t width, height;
  uint16_t bits, format, samples, planar, photometric, compression;
  int by_libtiff; // expanded by libtiff's own conversion to 8-bit RGBA
} layout;

// The most samples' bytes that a byte of a file holds.
static uint64_t packing(uint16_t compression) {
  switch (compression) {
  case COMPRESSION_NONE: return 1;
  case COMPRESSION_PACKBITS: return 64;
  case COMPRESSION_LZW: return 2048; // table entries of up to 3837 bytes in codes of 12 bits
  case COMPRESSION_DEFLATE:
  case COMPRESSION_ADOBE_DEFLATE: return 1032;
  case COMPRESSION_JPEG: return 8 * 64; // a block takes a bit at least
  // An empty row of a fax is a bit however wide it is, and others have no bound either: what honest writers reach.
  default: return 8 * 4096;
  }
}

// Refuses a picture or tile that the file is too small for, before memory is asked for it.
static int check_claim(source *from, const layout *kind, uint64_t width, uint64_t height, size_t free_pixels) {
  // Chroma may be stored with fewer samples.
  uint64_t samples = kind->photometric == PHOTOMETRIC_YCBCR ? 1 : kind->samples;
  uint64_t claimed = (width * samples * kind->bits + 7) / 8 * height, factor = packing(kind->compression);
  if (kind->compression != COMPRESSION_NONE && claimed < width * height) claimed = width * height;
  if (claimed <= (factor == 1 ? 0 : free_pixels) + factor * from->count) return 0;
  char text[CTIFF_MESSAGE];
  snprintf(text, sizeof text, "its %llu bytes are too few for %llu x %llu pixels", (unsigned long long)from->count,
           (unsigned long long)width, (unsigned long long)height);
  return fail(from, text);
}

static int describe(TIFF *tiff, source *from, size_t pixel_limit, size_t free_pixels, layout *kind) {
  if (!TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &kind->width) || !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &kind->height) ||
      !kind->width || !kind->height)
    return fail(from, "it has no size");
  if ((uint64_t)kind->width * kind->height > pixel_limit) return fail(from, "it has too many pixels");
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &kind->bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &kind->format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &kind->samples);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &kind->planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &kind->compression);
  if (!TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &kind->photometric))
    kind->photometric = kind->samples >= 3 ? PHOTOMETRIC_RGB : PHOTOMETRIC_MINISBLACK;
  uint16_t photometric = kind->photometric;
  if (photometric == PHOTOMETRIC_SEPARATED) return fail(from, "it is a CMYK TIFF; save it as RGB");
  int grey = photometric == PHOTOMETRIC_MINISBLACK || photometric == PHOTOMETRIC_MINISWHITE;
  int expanded = photometric == PHOTOMETRIC_PALETTE || photometric == PHOTOMETRIC_YCBCR;
  if (!grey && !expanded && photometric != PHOTOMETRIC_RGB)
    return fail(from, "its colours are of a kind that is not supported; save it as RGB or grey");
  if (kind->compression == COMPRESSION_OJPEG) return fail(from, "its old-style JPEG compression is not supported");
  int whole = kind->format == SAMPLEFORMAT_UINT || kind->format == SAMPLEFORMAT_VOID;
  int plain = !expanded && ((whole && (kind->bits == 8 || kind->bits == 16)) ||
                            (kind->format == SAMPLEFORMAT_IEEEFP && kind->bits == 32));
  kind->by_libtiff = !plain;
  int few = whole && (kind->bits == 1 || kind->bits == 2 || kind->bits == 4 || kind->bits == 8);
  int alone = kind->samples == (photometric == PHOTOMETRIC_YCBCR ? 3 : 1);
  if (!plain && !(few && alone && (grey || expanded)))
    return fail(from, "its samples are neither of 8 or 16 bits nor floats of 32; save it with 8 or 16 bits");
  int needed = photometric == PHOTOMETRIC_RGB ? 3 : 1;
  if (plain && (kind->samples < needed || kind->samples > 16)) return fail(from, "its number of channels is not supported");
  if (TIFFIsTiled(tiff)) {
    uint32_t width = 0, height = 0;
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height);
    // A tile is held whole, however small the picture.
    if (!width || !height || (uint64_t)width * height > 1 << 24) return fail(from, "its tiles are too large");
    if (check_claim(from, kind, width, height, free_pixels)) return 1;
  }
  if (!TIFFIsCODECConfigured(kind->compression)) return fail(from, "its compression is not supported");
  return check_claim(from, kind, kind->width, kind->height, free_pixels);
}

// ---- samples

// Copies `count` pixels of a row, of `stride` samples each, the first `taken` of them.
static void gather(uint8_t *target, size_t target_stride, const uint8_t *from, size_t stride, size_t taken, size_t count,
                   size_t bytes) {
  if (target_stride == taken && stride == taken) {
    memcpy(target, from, count * taken * bytes);
    return;
  }
  for (size_t pixel = 0; pixel < count; pixel++)
    memcpy(target + pixel * target_stride * bytes, from + pixel * stride * bytes, taken * bytes);
}

// Plane after plane (one plane if interleaved), row after row or tile after tile.
static int read_plain(TIFF *tiff, source *from, const layout *kind, size_t channels, uint8_t *samples) {
  size_t bytes = kind->bits / 8;
  int separate = kind->planar == PLANARCONFIG_SEPARATE && kind->samples > 1;
  size_t planes = separate ? channels : 1, taken = separate ? 1 : channels;
  size_t stride = separate ? 1 : kind->samples;
  uint32_t width = kind->width, height = 1;
  int tiled = TIFFIsTiled(tiff);
  if (tiled) {
    TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &width);
    TIFFGetField(tiff, TIFFTAG_TILELENGTH, &height);
  }
  tmsize_t needed = (tmsize_t)((uint64_t)width * height * stride * bytes);
  tmsize_t size = tiled ? TIFFTileSize(tiff) : TIFFScanlineSize(tiff);
  if (size < needed) return fail(from, "its rows are shorter than its width");
  uint8_t *block = malloc((size_t)size);
  if (!block) return fail(from, "there is not enough memory");
  memset(block, 0, (size_t)size);
  int failed = 0;
  for (size_t plane = 0; plane < planes && !failed; plane++)
    for (uint64_t top = 0; top < kind->height && !failed; top += height)
      for (uint64_t left = 0; left < kind->width && !failed; left += width) {
        tmsize_t got = tiled ? TIFFReadTile(tiff, block, (uint32_t)left, (uint32_t)top, 0, (uint16_t)plane)
                             : TIFFReadScanline(tiff, block, (uint32_t)top, (uint16_t)plane);
        failed = got < 0;
        uint64_t columns = kind->width - left < width ? kind->width - left : width;
        uint64_t rows = kind->height - top < height ? kind->height - top : height;
        for (uint64_t row = 0; row < rows && !failed; row++)
          gather(samples + (((top + row) * kind->width + left) * channels + plane) * bytes, channels,
                 block + row * width * stride * bytes, stride, taken, columns, bytes);
      }
  free(block);
  if (!failed && kind->photometric == PHOTOMETRIC_MINISWHITE && kind->bits < 32)
    for (size_t i = 0, count = (size_t)kind->width * kind->height * bytes; i < count; i++) samples[i] = (uint8_t)~samples[i];
  return failed ? fail(from, "its data cannot be decoded") : 0;
}

static int read_expanded(TIFF *tiff, source *from, const layout *kind, size_t channels, uint8_t *samples) {
  size_t count = (size_t)kind->width * kind->height;
  uint32_t *raster = malloc(count * sizeof *raster);
  if (!raster) return fail(from, "there is not enough memory");
  // Rows as they are stored: turning is done for all formats in one place.
  TIFFSetField(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  int read = TIFFReadRGBAImageOriented(tiff, kind->width, kind->height, raster, ORIENTATION_TOPLEFT, 1);
  for (size_t i = 0; i < count && read; i++) {
    samples[i * channels] = (uint8_t)TIFFGetR(raster[i]);
    if (channels == 3) {
      samples[i * 3 + 1] = (uint8_t)TIFFGetG(raster[i]);
      samples[i * 3 + 2] = (uint8_t)TIFFGetB(raster[i]);
    }
  }
  free(raster);
  return read ? 0 : fail(from, "its data cannot be decoded");
}

int ctiff_decode(const uint8_t *bytes, size_t count, size_t pixel_limit, size_t free_pixels, ctiff_picture *picture,
                 char message[CTIFF_MESSAGE]) {
  source from = {bytes, count, 0, message, 0};
  message[0] = 0;
  TIFF *tiff = open_memory(&from);
  if (!tiff) return fail(&from, "its directory cannot be read");
  layout kind = {0};
  int status = describe(tiff, &from, pixel_limit, free_pixels, &kind);
  uint8_t *samples = NULL;
  if (!status) {
    // The tags' errors that did not matter, such as a damaged one that is not needed.
    message[0] = 0;
    from.warnings_count = 1;
    uint16_t orientation = ORIENTATION_TOPLEFT;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
    int colour = kind.photometric != PHOTOMETRIC_MINISBLACK && kind.photometric != PHOTOMETRIC_MINISWHITE;
    size_t channels = colour ? 3 : 1, depth = kind.by_libtiff ? 8 : kind.bits;
    *picture = (ctiff_picture){kind.width, kind.height, (int)channels, (int)depth, orientation, NULL};
    samples = malloc((size_t)kind.width * kind.height * channels * depth / 8);
    if (!samples) status = fail(&from, "there is not enough memory");
    else status = (kind.by_libtiff ? read_expanded : read_plain)(tiff, &from, &kind, channels, samples);
    if (!status && message[0]) status = 1;
  }
  TIFFClose(tiff);
  if (status) free(samples);
  else picture->samples = samples;
  return status;
}

void ctiff_free(void *memory) { free(memory); }
