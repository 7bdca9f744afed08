#pragma once
#include "include/COpenCL.h"

// Puts the counting functions into the table and keeps the loader's behind them.
void copencl_install_shims(copencl_functions *table);
