#include "timeline.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <mutex>

#include "faults.h"
#include "last_cache.h"

namespace sim {
namespace {

constexpr Ns kStart = 1'000'000'000;

struct Stream {
  std::deque<Ns> ends;  // of kernels that had not finished when last looked at
  Ns busy_until = 0;
};

std::mutex guard;
Ns host_now = kStart;
int64_t kernels = 0;
Ns busy = 0;
std::map<Lane, Stream> streams;

Ns duration_of(double amount, double rate) { return rate > 0 ? std::llround(amount / rate * 1e9) : 0; }

void wait_for_a_place(Stream& stream) {
  auto& ends = stream.ends;
  while (!ends.empty() && ends.front() <= host_now) ends.pop_front();
  while (int64_t(ends.size()) >= model().queue) {
    host_now = std::max(host_now, ends.front());
    ends.pop_front();
  }
}

}  // namespace

Ns now() {
  std::lock_guard held(guard);
  return host_now;
}

void advance(Ns host_time) {
  std::lock_guard held(guard);
  host_now += host_time;
}

void enqueue(Lane lane, Ns duration) {
  std::lock_guard held(guard);
  Stream& stream = streams[lane];
  host_now += model().launch_ns;
  wait_for_a_place(stream);
  const Ns start = std::max(stream.busy_until, host_now);
  const double slower = 1 + model().drift_per_s * double(start - kStart) * 1e-9;
  const Ns taken = slower == 1 ? duration : std::llround(duration * slower);
  stream.busy_until = start + taken;
  busy += taken;
  stream.ends.push_back(stream.busy_until);
  kernels++;
}

Ns kernel_time(double flops, double speedup, double bytes) {
  return model().kernel_ns + duration_of(flops, model().flops_per_s * speedup) + duration_of(bytes, model().bytes_per_s);
}

Ns transfer_time(double bytes) { return model().kernel_ns + duration_of(bytes, model().host_bytes_per_s); }

Ns end_of(Lane lane) {
  std::lock_guard held(guard);
  return streams[lane].busy_until;
}

Ns end_of_device(int device) {
  std::lock_guard held(guard);
  Ns last = 0;
  for (const auto& [lane, stream] : streams)
    if (lane.device == device) last = std::max(last, stream.busy_until);
  return last;
}

void hold_back(Lane lane, Ns when) {
  std::lock_guard held(guard);
  Ns& until = streams[lane].busy_until;
  until = std::max(until, when);
}

void wait_until(Ns when) {
  if (hangs()) {
    for (;;) pause();
  }
  {
    std::lock_guard held(guard);
    host_now = std::max(host_now, when);
  }
  check_failed();
}

int64_t kernel_count() {
  std::lock_guard held(guard);
  return kernels;
}

Ns busy_time() {
  std::lock_guard held(guard);
  return busy;
}

void restart() {
  std::lock_guard held(guard);
  streams.clear();
  host_now = kStart;
  kernels = busy = 0;
  forget_faults();
  empty_last_cache();
}

}  // namespace sim
