// What Python sets and reads beside torch's own functions.
#include <pybind11/pybind11.h>

#include "allocator.h"
#include "card.h"
#include "faults.h"
#include "guard.h"
#include "timeline.h"

namespace py = pybind11;

namespace {

template <typename Value>
void set(const py::dict& settings, const char* name, Value& value) {
  if (settings.contains(name)) value = settings[name].cast<Value>();
}

sim::Ns nanoseconds(const py::dict& settings, const char* name) { return sim::Ns(settings[name].cast<double>() * 1e9 + 0.5); }

void configure(const py::dict& settings) {
  sim::Model fresh;
  fresh.kernel_ns = nanoseconds(settings, "kernel_s");
  fresh.launch_ns = nanoseconds(settings, "launch_s");
  set(settings, "devices", fresh.devices);
  set(settings, "flops_per_s", fresh.flops_per_s);
  set(settings, "half_speedup", fresh.half_speedup);
  set(settings, "tf32_speedup", fresh.tf32_speedup);
  set(settings, "bytes_per_s", fresh.bytes_per_s);
  set(settings, "host_bytes_per_s", fresh.host_bytes_per_s);
  set(settings, "drift_per_s", fresh.drift_per_s);
  set(settings, "queue", fresh.queue);
  set(settings, "capacity", fresh.capacity);
  set(settings, "context", fresh.context);
  set(settings, "others", fresh.others);
  set(settings, "cache", fresh.cache);
  set(settings, "benchmark_speedup", fresh.benchmark_speedup);
  set(settings, "event_speed", fresh.event_speed);
  set(settings, "leaks", fresh.leaks);
  set(settings, "computed_calls", fresh.computed_calls);
  set(settings, "computed_bytes", fresh.computed_bytes);
  for (const auto& fault : settings["faults"].cast<py::list>()) {
    const auto fields = fault.cast<py::dict>();
    fresh.faults.push_back({fields["operator"].cast<std::string>(), fields["kind"].cast<std::string>(),
                            fields["after"].cast<int64_t>()});
  }
  sim::model() = fresh;
}

}  // namespace

PYBIND11_MODULE(TORCH_EXTENSION_NAME, m) {
  m.def("configure", &configure, "Replace the model; all times in seconds, all sizes in bytes.");
  m.def("restart", [] { sim::restart(); sim::close_contexts(); }, "Empty streams, a clock at 1 s, no failure, no context.");
  m.def("open_cards", &sim::open_cards, "Share the cards' memory with all processes that open the same file.");
  m.def("now_ns", &sim::now, "The host's virtual clock, nanoseconds.");
  m.def("advance_ns", &sim::advance, "The host works for so many nanoseconds.");
  m.def("busy_ns", &sim::busy_time, "Time of all kernels launched so far, nanoseconds.");
  m.def("kernels", &sim::kernel_count, "Kernels launched so far, copies included.");
  m.def("current_device", &sim::current_device);
  m.def("is_bad_fork", &sim::is_bad_fork);
  m.def("process_bytes", &sim::in_use_by_this_process, "Bytes of a device that this process holds, with its context.");
}
