// A caching allocator's figures: blocks in use, and segments held for the next ones.
#pragma once
#include <c10/core/Allocator.h>
#include <c10/core/CachingDeviceAllocator.h>

namespace sim {

c10::DeviceAllocator& allocator();
// Device of a block; -1 where there is none at this address.
int device_of(const void* address);
c10::Allocator& pinned_allocator();
bool is_pinned(const void* address);
// The first use of a device in this process: takes the bytes of its context.
void open_context(int device);
bool has_context(int device);
// As if no device had been used yet.
void close_contexts();

}  // namespace sim
