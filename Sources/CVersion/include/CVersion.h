// The commit that the program was built from, put in by Package.swift.
#pragma once
const char *flawless_commit(void);
