// The rest that torch asks of a device: whether it is there, random numbers, pinned memory.
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/detail/PrivateUse1HooksInterface.h>
#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <algorithm>
#include <cstring>

#include "allocator.h"
#include "guard.h"

namespace sim {
namespace {

struct Hooks final : at::PrivateUse1HooksInterface {
  bool isBuilt() const override { return true; }
  bool isAvailable() const override { return model().devices > 0; }
  bool hasPrimaryContext(c10::DeviceIndex index) const override { return has_context(index); }
  c10::DeviceIndex deviceCount() const override { return c10::DeviceIndex(model().devices); }
  c10::DeviceIndex getCurrentDevice() const override { return c10::DeviceIndex(current_device()); }
  void setCurrentDevice(c10::DeviceIndex index) const override { implementation()->setDevice({kDeviceType, index}); }
  c10::DeviceIndex exchangeDevice(c10::DeviceIndex index) const override {
    return implementation()->exchangeDevice({kDeviceType, index}).index();
  }
  c10::DeviceIndex maybeExchangeDevice(c10::DeviceIndex index) const override { return exchangeDevice(index); }
  at::Device getDeviceFromPtr(void* address) const override {
    return {kDeviceType, c10::DeviceIndex(device_of(address))};
  }
  // The CPU's numbers, so that a seed gives the same weights on both.
  const at::Generator& getDefaultGenerator(c10::DeviceIndex) const override {
    return at::detail::getDefaultCPUGenerator();
  }
  at::Generator getNewGenerator(c10::DeviceIndex) const override { return at::make_generator<at::CPUGeneratorImpl>(); }
  at::Allocator* getPinnedMemoryAllocator() const override { return &pinned_allocator(); }
  bool isPinnedPtr(const void* address) const override { return is_pinned(address); }
  void resizePrivateUse1Bytes(const c10::Storage& storage, size_t bytes) const override {
    auto grown = allocator().allocate(bytes);
    std::memcpy(grown.get(), storage.data(), std::min(bytes, storage.nbytes()));
    storage.unsafeGetStorageImpl()->set_data_ptr_noswap(std::move(grown));
    storage.unsafeGetStorageImpl()->set_nbytes(bytes);
  }

 private:
  static const c10::impl::DeviceGuardImplInterface* implementation() {
    return c10::impl::getDeviceGuardImpl(kDeviceType);
  }
};

[[maybe_unused]] const bool registered = (at::RegisterPrivateUse1HooksInterface(new Hooks), true);

}  // namespace
}  // namespace sim
