// Work shared out among forked processes: for libraries that keep their state in globals, and for state that is large
// and costs much to make, which the processes share until they change it.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <string>

namespace nachbau::mirror {

// Calls `work` once for each number below `count`, in `processes` forked processes (1: in this one), and `sink` in this
// process with what it returned, in any order. `work` must not touch other threads' locks. Throws Error with the text of
// what `work` threw, or when a process dies; CancelledError; what `sink` throws. No process is left behind.
void ForEachInProcesses(std::size_t count, unsigned processes, const std::atomic<bool>* cancelled,
                        const std::function<std::string(std::size_t)>& work,
                        const std::function<void(std::size_t, std::string)>& sink);

}  // namespace nachbau::mirror
