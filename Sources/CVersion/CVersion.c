#include "include/CVersion.h"
#ifndef FLAWLESS_COMMIT
#define FLAWLESS_COMMIT "unknown commit"
#endif
const char *flawless_commit(void) { return FLAWLESS_COMMIT; }
