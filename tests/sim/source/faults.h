// The faults of the model: what a kernel does besides its arithmetic.
#pragma once
#include <cstdint>
#include <string>

namespace sim {

// Called for every operator. Throws where it is unsupported, kills the process where it crashes; an error or a hang
// shows later, when the host waits, as those of real devices do. Returns by what the kernel's time is multiplied.
int64_t meet_faults(const std::string& name);
// Throws where a kernel has failed. The failure stays, as that of a CUDA context.
void check_failed();
bool hangs();
void forget_faults();

// Bad fork: a child of a process that had used the device must not use it.
void mark_used();
bool is_bad_fork();

}  // namespace sim
