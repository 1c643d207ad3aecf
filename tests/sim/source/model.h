// Settings of the simulated device. A rate of 0 means that its work takes no time.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace sim {

using Ns = int64_t;
constexpr int kMaxDevices = 8;

struct Fault {
  std::string name;  // part of the name of the operators that have it
  std::string kind;  // error, unsupported, crash, kill, hang or slows
  int64_t after = 0;  // calls that succeed before
};

struct Model {
  int devices = 0;
  Ns kernel_ns = 0;            // of every kernel, besides its arithmetic and its bytes
  double flops_per_s = 0;      // of matrix products and convolutions in fp32
  double half_speedup = 1;     // of products in fp16 and bf16
  double tf32_speedup = 1;     // of products in fp32 where the CUDA switch for tf32 is on
  double bytes_per_s = 0;      // of the tensors that a kernel reads and writes
  double host_bytes_per_s = 0; // of copies from and to the host
  double drift_per_s = 0;      // a kernel that starts at t s takes 1 + drift t times as long
  Ns launch_ns = 0;            // host time of every launch
  int64_t queue = 1024;        // kernels that a stream holds before a launch has to wait
  int64_t capacity = 0;        // bytes of each device
  int64_t context = 0;         // bytes that every process takes at its first use
  int64_t others = 0;          // bytes in use by processes that are not simulated
  int64_t cache = 0;           // bytes of the last-level cache; what lies in it costs no memory traffic
  double benchmark_speedup = 1; // of convolutions where cuDNN's autotuning is on
  double event_speed = 1;      // of the clock that events are stamped with
  bool leaks = false;          // freed memory never comes back
  int64_t computed_calls = 0;  // every operator computes so often in a process; 0 is always
  int64_t computed_bytes = 0;  // operators on more bytes than this do not compute; 0 is no limit
  std::vector<Fault> faults;
};

inline Model& model() {
  static Model settings;
  return settings;
}

}  // namespace sim
