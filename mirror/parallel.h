#pragma once

#include <cstddef>
#include <functional>

namespace nachbau::mirror {

// work(i) for each i below `count`, on all processors. The first exception ends it and is thrown.
void ForEachInParallel(std::size_t count, const std::function<void(std::size_t)>& work);

}  // namespace nachbau::mirror
