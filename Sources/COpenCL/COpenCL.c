#include "include/COpenCL.h"
#include "faults.h"
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>

static const char *const names[] = {
    "libOpenCL.so.1", "libOpenCL.so", "/vendor/lib64/libOpenCL.so", "/system/vendor/lib64/libOpenCL.so",
    "/System/Library/Frameworks/OpenCL.framework/OpenCL",
};

static int loaded, counted;

int copencl_count_calls(void) {
  if (!loaded) counted = 1;
  return counted;
}

const copencl_functions *copencl_load(const char **reason) {
  static copencl_functions table;
  static char message[96];
  loaded = 1;
  void *library = NULL;
  for (size_t i = 0; !library && i < sizeof names / sizeof *names; i++) library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    *reason = "no OpenCL loader (libOpenCL.so.1) is installed";
    return NULL;
  }
  // A data pointer holds a function's address on every system that has dlsym.
#define COPENCL_LOOK_UP(name, ...)                                                               \
  *(void **)&table.name = dlsym(library, #name);                                                 \
  if (!*(void **)&table.name) {                                                                  \
    snprintf(message, sizeof message, "the OpenCL loader is older than 1.2: it has no " #name); \
    *reason = message;                                                                           \
    return NULL;                                                                                 \
  }
  COPENCL_FUNCTIONS(COPENCL_LOOK_UP, COPENCL_LOOK_UP)
  if (counted) copencl_install_shims(&table);
  return &table;
}
