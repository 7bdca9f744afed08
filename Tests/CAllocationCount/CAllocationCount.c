#include "CAllocationCount.h"

// C, since the hooks run inside of malloc, where Swift's runtime may hold its locks.

__attribute__((weak)) int __sanitizer_install_malloc_and_free_hooks(
    void (*allocated)(const volatile void *, size_t), void (*freed)(const volatile void *));
__attribute__((weak)) size_t __sanitizer_get_allocated_size(const volatile void *pointer);

static ptrdiff_t live, most;

static void allocated(const volatile void *pointer, size_t size) {
  (void)pointer;
  live += (ptrdiff_t)size;
  if (live > most) most = live;
}

static void freed(const volatile void *pointer) {
  if (pointer) live -= (ptrdiff_t)__sanitizer_get_allocated_size(pointer);
}

int allocation_count_start(void) {
  if (!__sanitizer_install_malloc_and_free_hooks || !__sanitizer_get_allocated_size) return 0;
  return __sanitizer_install_malloc_and_free_hooks(allocated, freed);
}

ptrdiff_t allocation_count_live(void) { return live; }
ptrdiff_t allocation_count_most(void) { return most; }
void allocation_count_reset(void) { most = live; }
