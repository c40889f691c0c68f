#pragma once

#include <cstddef>
#include <functional>

namespace nachbau::mirror {

// work(i) for each i below `count`, on `threads` threads; 0: one for each processor. The first exception ends it and is thrown.
void ForEachInParallel(std::size_t count, const std::function<void(std::size_t)>& work, std::size_t threads = 0);

}  // namespace nachbau::mirror
