#include "allocator.h"

#include <c10/core/CPUAllocator.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <array>
#include <cstring>
#include <map>
#include <mutex>

#include "card.h"
#include "faults.h"
#include "guard.h"
#include "timeline.h"

namespace sim {
namespace {

using Stats = c10::CachingDeviceAllocator::DeviceStats;
constexpr size_t kBlock = 512, kSegment = size_t(2) << 20;

struct Block {
  int device;
  size_t bytes;
};

struct Device {
  bool open = false;
  int64_t context = 0;
  size_t used = 0, held = 0;
  Stats stats;
};

size_t rounded(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

std::recursive_mutex guard;
using Held = std::lock_guard<std::recursive_mutex>;
std::array<Device, kMaxDevices> devices;
std::map<uintptr_t, Block> blocks;  // by address, so that an address within a block finds it

auto block_at(const void* address) {
  const auto key = reinterpret_cast<uintptr_t>(address);
  auto after = blocks.upper_bound(key);
  if (after == blocks.begin()) return blocks.end();
  auto block = std::prev(after);
  return key < block->first + block->second.bytes ? block : blocks.end();
}

void release(void* address) {
  Held held(guard);
  auto block = blocks.find(reinterpret_cast<uintptr_t>(address));
  if (block == blocks.end()) return;
  if (model().leaks) return;
  Device& device = devices[block->second.device];
  device.used -= block->second.bytes;
  device.stats.allocated_bytes[0].decrease(block->second.bytes);
  device.stats.active_bytes[0].decrease(block->second.bytes);
  blocks.erase(block);
  free(address);
}

void out_of_memory(int index, size_t bytes) {
  devices[index].stats.num_ooms++;
  TORCH_CHECK_WITH(OutOfMemoryError, false, "sim out of memory. Tried to allocate ", bytes, " bytes. Device ", index,
                   " has a total capacity of ", model().capacity, " bytes of which ",
                   model().capacity - in_use(index), " bytes are free.");
}

void grow(int index, size_t needed) {
  Device& device = devices[index];
  if (needed <= device.held) return;
  const size_t more = rounded(needed, kSegment) - device.held;
  if (!take(index, more)) out_of_memory(index, more);
  device.held += more;
  device.stats.reserved_bytes[0].increase(more);
  device.stats.num_device_alloc++;
}

struct CachingAllocator final : c10::DeviceAllocator {
  c10::DataPtr allocate(size_t bytes) override {
    Held held(guard);
    const int index = current_device();
    open_context(index);
    void* address = nullptr;
    if (bytes > 0) {
      Device& device = devices[index];
      const size_t size = rounded(bytes, kBlock);
      grow(index, device.used + size);
      if (posix_memalign(&address, 64, size)) throw std::bad_alloc();
      blocks[reinterpret_cast<uintptr_t>(address)] = {index, size};
      device.used += size;
      device.stats.allocated_bytes[0].increase(size);
      device.stats.active_bytes[0].increase(size);
    }
    return {address, address, &release, c10::Device(kDeviceType, c10::DeviceIndex(index))};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &release; }
  void copy_data(void* to, const void* from, size_t bytes) const override {
    std::memcpy(to, from, bytes);
    enqueue(current_lane(), kernel_time(0, 1, 2.0 * bytes));
  }
  bool initialized() override { return true; }
  void emptyCache(c10::MempoolId_t) override {
    Held held(guard);
    for (int index = 0; index < kMaxDevices; index++) {
      Device& device = devices[index];
      const size_t keep = rounded(device.used, kSegment);
      if (device.held <= keep) continue;
      give_back(index, device.held - keep);
      device.stats.reserved_bytes[0].decrease(device.held - keep);
      device.held = keep;
    }
  }
  void recordStream(const c10::DataPtr&, c10::Stream) override {}
  Stats getDeviceStats(c10::DeviceIndex index) override {
    Held held(guard);
    return devices[index].stats;
  }
  void resetAccumulatedStats(c10::DeviceIndex) override {}
  void resetPeakStats(c10::DeviceIndex index) override {
    Held held(guard);
    Stats& stats = devices[index].stats;
    for (auto* array : {&stats.allocated_bytes, &stats.reserved_bytes, &stats.active_bytes})
      for (auto& stat : *array) stat.reset_peak();
  }
  std::pair<size_t, size_t> getMemoryInfo(c10::DeviceIndex index) override {
    open_context(index);
    return {size_t(std::max<int64_t>(0, model().capacity - in_use(index))), size_t(model().capacity)};
  }
};

CachingAllocator caching;
REGISTER_ALLOCATOR(kDeviceType, &caching);

std::map<uintptr_t, size_t> pinned;

void unpin(void* address) {
  Held held(guard);
  pinned.erase(reinterpret_cast<uintptr_t>(address));
  free(address);
}

struct PinnedAllocator final : c10::Allocator {
  c10::DataPtr allocate(size_t bytes) override {
    Held held(guard);
    void* address = nullptr;
    if (bytes > 0) {
      if (posix_memalign(&address, 64, bytes)) throw std::bad_alloc();
      pinned[reinterpret_cast<uintptr_t>(address)] = bytes;
    }
    return {address, address, &unpin, c10::Device(c10::DeviceType::CPU)};
  }
  c10::DeleterFnPtr raw_deleter() const override { return &unpin; }
  void copy_data(void* to, const void* from, size_t bytes) const override { std::memcpy(to, from, bytes); }
};

PinnedAllocator pinning;

}  // namespace

c10::DeviceAllocator& allocator() { return caching; }
c10::Allocator& pinned_allocator() { return pinning; }

int device_of(const void* address) {
  Held held(guard);
  auto block = block_at(address);
  return block == blocks.end() ? -1 : block->second.device;
}

bool is_pinned(const void* address) {
  Held held(guard);
  const auto key = reinterpret_cast<uintptr_t>(address);
  auto after = pinned.upper_bound(key);
  return after != pinned.begin() && key < std::prev(after)->first + std::prev(after)->second;
}

void open_context(int index) {
  mark_used();
  Held held(guard);
  if (devices[index].open) return;
  if (!take(index, model().context)) out_of_memory(index, model().context);
  devices[index].open = true;
  devices[index].context = model().context;
}

void close_contexts() {
  Held held(guard);
  for (int index = 0; index < kMaxDevices; index++) {
    if (devices[index].open) give_back(index, devices[index].context);
    devices[index].open = false;
  }
}

bool has_context(int index) { return devices[index].open; }

}  // namespace sim
