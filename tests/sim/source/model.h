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
  std::string kind;  // error, unsupported, crash, hang or slows
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
  std::vector<Fault> faults;
};

inline Model& model() {
  static Model settings;
  return settings;
}

}  // namespace sim
