// Devices, streams and events for torch's generic code.
#include "guard.h"

#include <c10/core/impl/DeviceGuardImplInterface.h>

#include <algorithm>
#include <array>
#include <atomic>

#include "faults.h"

namespace sim {
namespace {

thread_local int device = 0;
thread_local std::array<c10::StreamId, kMaxDevices> stream{};
std::atomic<c10::StreamId> last_stream{0};

Lane lane_of(const c10::Stream& s) { return {s.device_index(), s.id()}; }

struct Event {
  Ns at = 0;
  bool timed = false;
};

Event* event_of(void* event) { return static_cast<Event*>(event); }

struct Guard final : c10::impl::DeviceGuardImplInterface {
  static constexpr c10::DeviceType static_type = kDeviceType;
  Guard() = default;
  explicit Guard(c10::DeviceType) {}
  c10::DeviceType type() const override { return kDeviceType; }

  c10::Device getDevice() const override { return {kDeviceType, c10::DeviceIndex(device)}; }
  void setDevice(c10::Device d) const override {
    TORCH_CHECK(d.index() < model().devices, "sim error: invalid device ordinal ", int(d.index()));
    uncheckedSetDevice(d);
  }
  void uncheckedSetDevice(c10::Device d) const noexcept override {
    if (d.index() >= 0) device = d.index();
  }
  c10::Device exchangeDevice(c10::Device d) const override {
    const auto before = getDevice();
    setDevice(d);
    return before;
  }
  c10::DeviceIndex deviceCount() const noexcept override { return c10::DeviceIndex(model().devices); }
  c10::DeviceCapability getDeviceCapability(c10::Device) const override { return {}; }
  void synchronizeDevice(const c10::DeviceIndex d) const override {
    mark_used();
    wait_until(end_of_device(d < 0 ? device : d));
  }

  c10::Stream getStream(c10::Device d) const override {
    const auto index = d.has_index() ? d.index() : c10::DeviceIndex(device);
    return c10::Stream(c10::Stream::UNSAFE, c10::Device(kDeviceType, index), stream[index]);
  }
  c10::Stream getDefaultStream(c10::Device d) const override { return c10::Stream(c10::Stream::DEFAULT, d); }
  c10::Stream getNewStream(c10::Device d, int) const override {
    const auto index = d.has_index() ? d.index() : c10::DeviceIndex(device);
    return c10::Stream(c10::Stream::UNSAFE, c10::Device(kDeviceType, index), ++last_stream);
  }
  c10::Stream getStreamFromGlobalPool(c10::Device d, bool) const override { return getNewStream(d, 0); }
  c10::Stream exchangeStream(c10::Stream s) const override {
    const auto before = getStream(s.device());
    stream[s.device_index()] = s.id();
    return before;
  }
  bool queryStream(const c10::Stream& s) const override { return end_of(lane_of(s)) <= now(); }
  void synchronizeStream(const c10::Stream& s) const override { wait_until(end_of(lane_of(s))); }

  void record(void** event, const c10::Stream& s, const c10::DeviceIndex, const c10::EventFlag flag) const override {
    mark_used();
    if (!*event) *event = new Event;
    *event_of(*event) = {std::max(end_of(lane_of(s)), now()), flag == c10::EventFlag::BACKEND_DEFAULT};
  }
  void destroyEvent(void* event, const c10::DeviceIndex) const noexcept override { delete event_of(event); }
  void block(void* event, const c10::Stream& s) const override {
    if (event) hold_back(lane_of(s), event_of(event)->at);
  }
  bool queryEvent(void* event) const override { return !event || event_of(event)->at <= now(); }
  void synchronizeEvent(void* event) const override {
    if (event) wait_until(event_of(event)->at);
  }
  double elapsedTime(void* first, void* second, const c10::DeviceIndex) const override {
    const Event start = *event_of(first), end = *event_of(second);
    TORCH_CHECK(start.timed && end.timed, "sim error: an event was made without enable_timing");
    TORCH_CHECK(std::max(start.at, end.at) <= now(), "sim error: device not ready");
    return double(end.at - start.at) * 1e-6 * model().event_speed;
  }
};

C10_REGISTER_GUARD_IMPL(PrivateUse1, Guard);

}  // namespace

int current_device() { return device; }
Lane current_lane() { return {device, stream[device]}; }

}  // namespace sim
