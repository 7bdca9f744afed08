// The OpenCL kernels' sources, embedded into the program at build time.
#pragma once

// The number of files in Kernels/, each one's name without ".cl", and its text.
int ckernels_count(void);
const char *_Nonnull ckernels_name(int index);
const char *_Nonnull ckernels_source(int index);
