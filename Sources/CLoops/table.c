#include "loops.h"
#include <dlfcn.h>
#include <stdatomic.h>

#define COUNT(name) +1
_Static_assert(sizeof(fl_table) == sizeof(size_t) + (0 FL_LOOPS(COUNT)) * sizeof(void (*)(void)),
               "FL_LOOPS must name every loop of the table");

static const fl_table own = {
    .size = sizeof(fl_table),
#define ENTRY(name) .name = fl_##name,
    FL_LOOPS(ENTRY)
};

static _Atomic(const fl_table *) current = &own;

const fl_table *fl_loops(void) { return atomic_load_explicit(&current, memory_order_acquire); }

const char *fl_swap(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (!library) return dlerror();
  // A data pointer holds a function's address on every system that has dlsym.
  const fl_table *(*loops)(void);
  *(void **)&loops = dlsym(library, "fl_loops");
  if (!loops) return "the library has no fl_loops";
  const fl_table *table = loops();
  if (table->size != sizeof(fl_table)) return "the library was built from another CLoops.h";
  atomic_store_explicit(&current, table, memory_order_release);
  return NULL;
}
