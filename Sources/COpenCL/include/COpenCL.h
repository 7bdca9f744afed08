// OpenCL 1.2 without linking to it: the functions are looked up in the loader's library at run time, so that a machine
// without any OpenCL runs the CPU path.
#pragma once
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

// The functions in use. STATUS(name, parameters, arguments) returns its code; CREATE(name, type, parameters, arguments)
// returns an object or null, with the code in *error.
#define COPENCL_FUNCTIONS(STATUS, CREATE)                                                                             \
  STATUS(clGetPlatformIDs, (cl_uint a, cl_platform_id *b, cl_uint *c), (a, b, c))                                     \
  STATUS(clGetPlatformInfo, (cl_platform_id a, cl_platform_info b, size_t c, void *d, size_t *e), (a, b, c, d, e))    \
  STATUS(clGetDeviceIDs, (cl_platform_id a, cl_device_type b, cl_uint c, cl_device_id *d, cl_uint *e), (a, b, c, d, e)) \
  STATUS(clGetDeviceInfo, (cl_device_id a, cl_device_info b, size_t c, void *d, size_t *e), (a, b, c, d, e))          \
  CREATE(clCreateContext, cl_context,                                                                                 \
         (const cl_context_properties *a, cl_uint b, const cl_device_id *c,                                           \
          void(CL_CALLBACK *d)(const char *, const void *, size_t, void *), void *e, cl_int *error),                  \
         (a, b, c, d, e, error))                                                                                      \
  STATUS(clReleaseContext, (cl_context a), (a))                                                                       \
  CREATE(clCreateCommandQueue, cl_command_queue,                                                                      \
         (cl_context a, cl_device_id b, cl_command_queue_properties c, cl_int *error), (a, b, c, error))              \
  STATUS(clReleaseCommandQueue, (cl_command_queue a), (a))                                                            \
  CREATE(clCreateBuffer, cl_mem, (cl_context a, cl_mem_flags b, size_t c, void *d, cl_int *error), (a, b, c, d, error)) \
  CREATE(clCreateSubBuffer, cl_mem,                                                                                   \
         (cl_mem a, cl_mem_flags b, cl_buffer_create_type c, const void *d, cl_int *error), (a, b, c, d, error))      \
  STATUS(clReleaseMemObject, (cl_mem a), (a))                                                                         \
  CREATE(clCreateProgramWithSource, cl_program,                                                                       \
         (cl_context a, cl_uint b, const char **c, const size_t *d, cl_int *error), (a, b, c, d, error))              \
  CREATE(clCreateProgramWithBinary, cl_program,                                                                       \
         (cl_context a, cl_uint b, const cl_device_id *c, const size_t *d, const unsigned char **e, cl_int *f,        \
          cl_int *error),                                                                                             \
         (a, b, c, d, e, f, error))                                                                                   \
  STATUS(clBuildProgram,                                                                                              \
         (cl_program a, cl_uint b, const cl_device_id *c, const char *d, void(CL_CALLBACK *e)(cl_program, void *),    \
          void *f),                                                                                                   \
         (a, b, c, d, e, f))                                                                                          \
  STATUS(clGetProgramInfo, (cl_program a, cl_program_info b, size_t c, void *d, size_t *e), (a, b, c, d, e))          \
  STATUS(clGetProgramBuildInfo, (cl_program a, cl_device_id b, cl_program_build_info c, size_t d, void *e, size_t *f), \
         (a, b, c, d, e, f))                                                                                          \
  STATUS(clReleaseProgram, (cl_program a), (a))                                                                       \
  CREATE(clCreateKernel, cl_kernel, (cl_program a, const char *b, cl_int *error), (a, b, error))                      \
  STATUS(clGetKernelWorkGroupInfo,                                                                                    \
         (cl_kernel a, cl_device_id b, cl_kernel_work_group_info c, size_t d, void *e, size_t *f), (a, b, c, d, e, f)) \
  STATUS(clReleaseKernel, (cl_kernel a), (a))                                                                         \
  STATUS(clSetKernelArg, (cl_kernel a, cl_uint b, size_t c, const void *d), (a, b, c, d))                             \
  STATUS(clEnqueueNDRangeKernel,                                                                                      \
         (cl_command_queue a, cl_kernel b, cl_uint c, const size_t *d, const size_t *e, const size_t *f, cl_uint g,   \
          const cl_event *h, cl_event *i),                                                                            \
         (a, b, c, d, e, f, g, h, i))                                                                                 \
  STATUS(clEnqueueReadBuffer,                                                                                         \
         (cl_command_queue a, cl_mem b, cl_bool c, size_t d, size_t e, void *f, cl_uint g, const cl_event *h,         \
          cl_event *i),                                                                                               \
         (a, b, c, d, e, f, g, h, i))                                                                                 \
  STATUS(clEnqueueWriteBuffer,                                                                                        \
         (cl_command_queue a, cl_mem b, cl_bool c, size_t d, size_t e, const void *f, cl_uint g, const cl_event *h,   \
          cl_event *i),                                                                                               \
         (a, b, c, d, e, f, g, h, i))                                                                                 \
  STATUS(clEnqueueFillBuffer,                                                                                         \
         (cl_command_queue a, cl_mem b, const void *c, size_t d, size_t e, size_t f, cl_uint g, const cl_event *h,    \
          cl_event *i),                                                                                               \
         (a, b, c, d, e, f, g, h, i))                                                                                 \
  STATUS(clGetEventProfilingInfo, (cl_event a, cl_profiling_info b, size_t c, void *d, size_t *e), (a, b, c, d, e))    \
  STATUS(clReleaseEvent, (cl_event a), (a))                                                                           \
  STATUS(clFlush, (cl_command_queue a), (a))                                                                          \
  STATUS(clFinish, (cl_command_queue a), (a))

// One pointer a function, under the function's own name.
typedef struct {
#define COPENCL_FIELD(name, ...) __typeof__(&name) _Nonnull name;
  COPENCL_FUNCTIONS(COPENCL_FIELD, COPENCL_FIELD)
#undef COPENCL_FIELD
} copencl_functions;

// The functions of this machine's OpenCL loader, or null with a reason that is valid for ever. Call it once.
const copencl_functions *_Nullable copencl_load(const char *_Nullable *_Nonnull reason);

// Counting and failing calls, for tests: see faults.c. Functions and kinds of objects are numbered from 0.
int copencl_function_count(void);
const char *_Nonnull copencl_function_name(int function);
int copencl_object_kind_count(void);
const char *_Nonnull copencl_object_kind_name(int kind);

// Puts a counting function before each one of the loader. Returns 0 when the table is loaded already: it is too late.
int copencl_count_calls(void);
// From now on, the call-th call of `function` returns `code` and does nothing else; a negative function disarms.
enum { COPENCL_ONCE, COPENCL_FUNCTION_FOR_EVER, COPENCL_DEVICE_LOST };
void copencl_fail(int function, long call, int code, int lasting);
// Calls since the table was loaded, failing ones too.
long copencl_calls(int function);
// Objects created minus objects released; a failing release counts.
long copencl_balance(int kind);
