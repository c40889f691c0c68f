// What builder_inside does for the tests of limits and of the end: takes without measure, and does not want to go.
#pragma once

[[noreturn]] void SleepForever();
int Survive();   // processes in a session of their own, orphaned, deaf to signals
int WriteLate(); // a helper that outlives its maker and goes on writing to an output
int MakeFilesForever();
int UseMemory(long megabytes, int processes);  // touched, in each of them
int ForkForever();
int FillDisk(bool deep);  // in a closed directory; beneath very many others
