// OpenCL 1.2 without linking to it: the functions are looked up in the loader's library at run time, so that a machine
// without any OpenCL runs the CPU path.
#pragma once
#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>

#define COPENCL_FUNCTIONS(X)                                                                                       \
  X(clGetPlatformIDs) X(clGetPlatformInfo) X(clGetDeviceIDs) X(clGetDeviceInfo) X(clCreateContext)                 \
  X(clReleaseContext) X(clCreateCommandQueue) X(clReleaseCommandQueue) X(clCreateBuffer) X(clReleaseMemObject)     \
  X(clCreateProgramWithSource) X(clBuildProgram) X(clGetProgramBuildInfo) X(clReleaseProgram) X(clCreateKernel)    \
  X(clGetKernelWorkGroupInfo) X(clReleaseKernel) X(clSetKernelArg) X(clEnqueueNDRangeKernel)                       \
  X(clEnqueueReadBuffer) X(clEnqueueWriteBuffer) X(clEnqueueFillBuffer) X(clFlush) X(clFinish)

// One pointer a function, under the function's own name.
typedef struct {
#define COPENCL_FIELD(name) __typeof__(&name) _Nonnull name;
  COPENCL_FUNCTIONS(COPENCL_FIELD)
#undef COPENCL_FIELD
} copencl_functions;

// The functions of this machine's OpenCL loader, or null with a reason that is valid for ever. Call it once.
const copencl_functions *_Nullable copencl_load(const char *_Nullable *_Nonnull reason);
