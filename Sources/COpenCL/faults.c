// Functions that stand before the loader's, count calls and objects, and fail the call they were told to. They are in the
// table only when asked for before it is loaded: other runs pay nothing.
#include "faults.h"
#include <stdatomic.h>
#include <stddef.h>

enum {
#define INDEX(name, ...) INDEX_##name,
  COPENCL_FUNCTIONS(INDEX, INDEX)
  COUNT
};

static const char *const names[COUNT] = {
#define NAME(name, ...) #name,
  COPENCL_FUNCTIONS(NAME, NAME)
};

// Calls that create and release the objects of a kind; the second creating one is optional (0 creates nothing).
static const struct {
  const char *name;
  int create, create_too, release;
} kinds[] = {
    {"contexts", INDEX_clCreateContext, 0, INDEX_clReleaseContext},
    {"queues", INDEX_clCreateCommandQueue, 0, INDEX_clReleaseCommandQueue},
    {"buffers", INDEX_clCreateBuffer, INDEX_clCreateSubBuffer, INDEX_clReleaseMemObject},
    {"programs", INDEX_clCreateProgramWithSource, INDEX_clCreateProgramWithBinary, INDEX_clReleaseProgram},
    {"kernels", INDEX_clCreateKernel, 0, INDEX_clReleaseKernel},
};

static copencl_functions real;
static atomic_long calls[COUNT], created[COUNT];
// The call to fail, in `calls`' numbers, and what happens from then on.
static atomic_int failing = -1, failing_code, failing_lasting, lost_code;
static atomic_long failing_call;

static cl_int failure(int function) {
  long call = atomic_fetch_add(&calls[function], 1) + 1;
  cl_int lost = atomic_load(&lost_code);
  if (lost) return lost;
  if (atomic_load(&failing) != function) return CL_SUCCESS;
  long chosen = atomic_load(&failing_call);
  int lasting = atomic_load(&failing_lasting);
  if (call != chosen && !(call > chosen && lasting != COPENCL_ONCE)) return CL_SUCCESS;
  if (lasting == COPENCL_DEVICE_LOST) atomic_store(&lost_code, atomic_load(&failing_code));
  return atomic_load(&failing_code);
}

#define SHIM_STATUS(name, parameters, arguments) \
  static cl_int CL_API_CALL shim_##name parameters { \
    cl_int code = failure(INDEX_##name); \
    return code ? code : real.name arguments; \
  }
#define SHIM_CREATE(name, type, parameters, arguments) \
  static type CL_API_CALL shim_##name parameters { \
    cl_int code = failure(INDEX_##name); \
    if (code) { \
      if (error) *error = code; \
      return NULL; \
    } \
    type object = real.name arguments; \
    if (object) atomic_fetch_add(&created[INDEX_##name], 1); \
    return object; \
  }
COPENCL_FUNCTIONS(SHIM_STATUS, SHIM_CREATE)

void copencl_install_shims(copencl_functions *table) {
  real = *table;
#define INSTALL(name, ...) table->name = shim_##name;
  COPENCL_FUNCTIONS(INSTALL, INSTALL)
}

int copencl_function_count(void) { return COUNT; }
const char *copencl_function_name(int function) { return names[function]; }
int copencl_object_kind_count(void) { return sizeof kinds / sizeof *kinds; }
const char *copencl_object_kind_name(int kind) { return kinds[kind].name; }

void copencl_fail(int function, long call, int code, int lasting) {
  atomic_store(&failing, -1);
  atomic_store(&lost_code, 0);
  if (function < 0) return;
  atomic_store(&failing_call, atomic_load(&calls[function]) + call);
  atomic_store(&failing_code, code);
  atomic_store(&failing_lasting, lasting);
  atomic_store(&failing, function);
}

long copencl_calls(int function) { return atomic_load(&calls[function]); }

long copencl_balance(int kind) {
  return atomic_load(&created[kinds[kind].create]) + atomic_load(&created[kinds[kind].create_too])
         - atomic_load(&calls[kinds[kind].release]);
}
