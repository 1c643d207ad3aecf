// Virtual time: the host's clock, and for every stream the times at which its kernels end.
//
// The host's clock moves only by launches and waits. So every duration is exact, whatever the machine does meanwhile;
// the arithmetic itself, done by the CPU at launch, takes no virtual time. Streams do not slow each other down, and
// every process has a timeline of its own.
#pragma once
#include <compare>

#include "model.h"

namespace sim {

struct Lane {  // one stream of one device
  int device = 0;
  int64_t stream = 0;
  auto operator<=>(const Lane&) const = default;
};

Ns now();
void advance(Ns host_time);

// Enqueue a kernel of so many nanoseconds before drift.
void enqueue(Lane lane, Ns duration);
// Time of a kernel with these operations and bytes.
Ns kernel_time(double flops, double speedup, double bytes);
// Time of a copy between host and device.
Ns transfer_time(double bytes);

Ns end_of(Lane lane);
Ns end_of_device(int device);
// Later kernels of the lane start at `when` or later.
void hold_back(Lane lane, Ns when);
// Block the host until then. Throws if the device has failed by a kernel.
void wait_until(Ns when);

int64_t kernel_count();
// Sum of the times of all kernels, of those that have not ended too.
Ns busy_time();
// Empty streams, a clock at 1 s, no failure, no counts.
void restart();

}  // namespace sim
