#ifdef __linux__
#define _GNU_SOURCE
#include <sched.h>
#include <unistd.h>
#endif
#include "include/COpenCL.h"
#include "faults.h"
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

static const char *const names[] = {
    "libOpenCL.so.1", "libOpenCL.so", "/vendor/lib64/libOpenCL.so", "/system/vendor/lib64/libOpenCL.so",
    "/System/Library/Frameworks/OpenCL.framework/OpenCL",
};

static int loaded, counted;

int copencl_count_calls(void) {
  if (!loaded) counted = 1;
  return counted;
}

// PoCL has a thread a processor, and may leave two of them on one for milliseconds after a pause. Told to, it keeps thread
// i on processor i, which is right only where this process may use all processors, with as many threads.
static void place_threads_of_pocl(void) {
#ifdef __linux__
  cpu_set_t set;
  long processors = sysconf(_SC_NPROCESSORS_CONF);
  // Until and since version 5.
  const char *limits[] = {getenv("POCL_MAX_PTHREAD_COUNT"), getenv("POCL_CPU_MAX_CU_COUNT")};
  for (int i = 0; i < 2; i++)
    if (limits[i] && atol(limits[i]) < processors) return;
  if (sched_getaffinity(0, sizeof set, &set)) return;
  for (long i = 0; i < processors; i++)
    if (i >= CPU_SETSIZE || !CPU_ISSET(i, &set)) return;
  setenv("POCL_AFFINITY", "1", 0);
#endif
}

const copencl_functions *copencl_load(const char **reason) {
  static copencl_functions table;
  static char message[96];
  loaded = 1;
  place_threads_of_pocl();
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
