#include "include/CKernels.h"

// One entry a file: a new one is three lines here and one in the table. A test compares the table with the folder.
static const char attention[] = {
#embed "../../Kernels/attention.cl" suffix(, 0)
};
static const char convolution[] = {
#embed "../../Kernels/convolution.cl" suffix(, 0)
};
static const char coreset[] = {
#embed "../../Kernels/coreset.cl" suffix(, 0)
};
static const char depthwise[] = {
#embed "../../Kernels/depthwise.cl" suffix(, 0)
};
static const char elementwise[] = {
#embed "../../Kernels/elementwise.cl" suffix(, 0)
};
static const char filtering[] = {
#embed "../../Kernels/filtering.cl" suffix(, 0)
};
static const char gradients[] = {
#embed "../../Kernels/gradients.cl" suffix(, 0)
};
static const char indexing[] = {
#embed "../../Kernels/indexing.cl" suffix(, 0)
};
static const char neighbours[] = {
#embed "../../Kernels/neighbours.cl" suffix(, 0)
};
static const char normalization[] = {
#embed "../../Kernels/normalization.cl" suffix(, 0)
};
static const char optimizer[] = {
#embed "../../Kernels/optimizer.cl" suffix(, 0)
};
static const char pooling[] = {
#embed "../../Kernels/pooling.cl" suffix(, 0)
};
static const char prelude[] = {
#embed "../../Kernels/prelude.cl" suffix(, 0)
};
static const char probe[] = {
#embed "../../Kernels/probe.cl" suffix(, 0)
};
static const char random_numbers[] = {
#embed "../../Kernels/random.cl" suffix(, 0)
};
static const char reduction[] = {
#embed "../../Kernels/reduction.cl" suffix(, 0)
};
static const char resampling[] = {
#embed "../../Kernels/resampling.cl" suffix(, 0)
};
static const char roof[] = {
#embed "../../Kernels/roof.cl" suffix(, 0)
};
static const char sequence[] = {
#embed "../../Kernels/sequence.cl" suffix(, 0)
};
static const char softmax[] = {
#embed "../../Kernels/softmax.cl" suffix(, 0)
};
static const char winograd[] = {
#embed "../../Kernels/winograd.cl" suffix(, 0)
};

static const struct {
  const char *name, *source;
} files[] = {
    {"attention", attention},
    {"convolution", convolution},
    {"coreset", coreset},
    {"depthwise", depthwise},
    {"elementwise", elementwise},
    {"filtering", filtering},
    {"gradients", gradients},
    {"indexing", indexing},
    {"neighbours", neighbours},
    {"normalization", normalization},
    {"optimizer", optimizer},
    {"pooling", pooling},
    {"prelude", prelude},
    {"probe", probe},
    {"random", random_numbers},
    {"reduction", reduction},
    {"resampling", resampling},
    {"roof", roof},
    {"sequence", sequence},
    {"softmax", softmax},
    {"winograd", winograd},
};

int ckernels_count(void) { return sizeof files / sizeof *files; }
const char *ckernels_name(int index) { return files[index].name; }
const char *ckernels_source(int index) { return files[index].source; }
