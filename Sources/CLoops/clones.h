// Each hot function is compiled for several instruction sets; the best one is chosen when the program is loaded.
// Under the thread sanitizer the choice would run before its run-time is up, and crash.
#pragma once
#if !defined(__has_feature)
#define __has_feature(x) 0
#endif
#if defined(__x86_64__) && defined(__linux__) && !__has_feature(thread_sanitizer) && !__has_feature(address_sanitizer)
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define CLONES
#endif
