// Where threads run, and what lies apart for them. The first is for Linux only: elsewhere the functions say that they do not
// know.
#if defined(__linux__)
#define _GNU_SOURCE
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif
#include "include/CLoops.h"

#if defined(__linux__)
int fl_processor(void) { return sched_getcpu(); }

int fl_thread(void) { return (int)syscall(SYS_gettid); }

int fl_may_run_on(int thread, int processor) {
  cpu_set_t set;
  return sched_getaffinity(thread, sizeof set, &set) ? -1 : CPU_ISSET(processor, &set) != 0;
}

void fl_keep_off(int thread, int processor) {
  cpu_set_t set;
  // What the process may use: its first thread's set, for the others have had one processor taken out.
  if (processor < 0 || processor >= CPU_SETSIZE || sched_getaffinity(getpid(), sizeof set, &set)) return;
  CPU_CLR(processor, &set);
  if (CPU_COUNT(&set) > 0) sched_setaffinity(thread, sizeof set, &set);
}
#else
int fl_processor(void) { return -1; }
int fl_thread(void) { return -1; }
int fl_may_run_on(int thread, int processor) { return -1; }
void fl_keep_off(int thread, int processor) {}
#endif

__attribute__((noinline)) void fl_apart(void (*body)(void *), void *context) {
  volatile char gap[512];
  gap[0] = gap[sizeof gap - 1] = 0;
  body(context);
  gap[0] = 1;  // so that the gap is there until here
}
