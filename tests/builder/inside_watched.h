// What builder_inside does for trace_test.cc and virtual_machine_test.cc.
#pragma once

#include <string>

int UseFiles();       // reads and changes files in every way that a trace tells of
int UseFilesAtOnce(); // from many threads and processes
int PassOn();         // standard input to standard output
int ListDirectories(); // prints "name=value" lines of the order of names, and of reading under all circumstances
int LookAtMachine();  // prints "name=value" lines of what the kernel tells of clock, machine and randomness
