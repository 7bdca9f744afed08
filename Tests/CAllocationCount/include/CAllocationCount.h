#pragma once
#include <stddef.h>

/// Starts to count live bytes; 0 where the program has no address sanitizer, which alone tells of every allocation.
int allocation_count_start(void);

/// Live bytes since the start, and the most of them since the last call of `allocation_count_reset`.
ptrdiff_t allocation_count_live(void);
ptrdiff_t allocation_count_most(void);
void allocation_count_reset(void);
