#include "faults.h"

#include <c10/util/Exception.h>
#include <pthread.h>

#include <atomic>
#include <csignal>
#include <map>

#include "model.h"

namespace sim {
namespace {

std::atomic<bool> failed{false}, hanging{false}, used{false}, bad_fork{false};
std::map<std::string, int64_t> calls;

}  // namespace

int64_t meet_faults(const std::string& name) {
  int64_t slower = 1;
  for (const Fault& fault : model().faults) {
    if (name.find(fault.name) == std::string::npos) continue;
    const int64_t call = ++calls[fault.name] - fault.after;
    if (call <= 0) continue;
    TORCH_CHECK_NOT_IMPLEMENTED(fault.kind != "unsupported", name, " is not implemented on sim");
    if (fault.kind == "crash") raise(SIGSEGV);
    if (fault.kind == "kill") raise(SIGKILL);
    if (fault.kind == "error") failed = true;
    if (fault.kind == "hang") hanging = true;
    if (fault.kind == "slows") slower = call;
  }
  return slower;
}

void check_failed() {
  TORCH_CHECK(!failed, "sim error: an illegal memory access was encountered");
}

bool hangs() { return hanging; }

void forget_faults() {
  failed = hanging = false;
  calls.clear();
}

void mark_used() {
  TORCH_CHECK(!bad_fork, "Cannot re-initialize sim in forked subprocess: its parent had used the device");
  if (!used.exchange(true)) {
    static const int registered = pthread_atfork(nullptr, nullptr, [] { bad_fork = used.load(); });
    (void)registered;
  }
}

bool is_bad_fork() { return bad_fork; }

}  // namespace sim
