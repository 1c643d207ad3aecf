// The card's last-level cache: what was used last lies in it, whole tensors only.
#pragma once
#include <cstddef>

namespace sim {

// Bytes of a tensor that have to pass the memory; from now on it lies in the cache.
double missed_bytes(const void* tensor, size_t bytes);
void empty_last_cache();

}  // namespace sim
