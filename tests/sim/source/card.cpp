#include "card.h"

#include <c10/util/Exception.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <fstream>

#include "model.h"

namespace sim {
namespace {

constexpr int kSlots = 128;

struct Slot {
  std::atomic<int64_t> pid;
  std::atomic<int64_t> bytes[kMaxDevices];
};

Slot* slots = nullptr;

// A killed process has returned its memory, also while its parent has not waited for it.
bool is_alive(int64_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string line;
  if (!std::getline(file, line)) return false;
  const auto end_of_name = line.rfind(')');
  return end_of_name != std::string::npos && line[end_of_name + 2] != 'Z' && line[end_of_name + 2] != 'X';
}

Slot& own_slot() {
  if (!slots) open_cards("");
  const int64_t own = getpid();
  for (int i = 0; i < kSlots; i++)
    if (slots[i].pid == own) return slots[i];
  for (int i = 0; i < kSlots; i++) {
    int64_t owner = slots[i].pid;
    if ((owner == 0 || !is_alive(owner)) && slots[i].pid.compare_exchange_strong(owner, own)) {
      for (auto& bytes : slots[i].bytes) bytes = 0;
      return slots[i];
    }
  }
  TORCH_CHECK(false, "sim: more than ", kSlots, " processes");
}

}  // namespace

void open_cards(const std::string& file) {
  int flags = MAP_SHARED | MAP_ANONYMOUS, descriptor = -1;
  if (!file.empty()) {
    flags = MAP_SHARED;
    descriptor = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    TORCH_CHECK(descriptor >= 0 && ftruncate(descriptor, sizeof(Slot) * kSlots) == 0, "sim: no file ", file);
  }
  void* memory = mmap(nullptr, sizeof(Slot) * kSlots, PROT_READ | PROT_WRITE, flags, descriptor, 0);
  TORCH_CHECK(memory != MAP_FAILED, "sim: no shared memory");
  if (descriptor >= 0) close(descriptor);
  slots = static_cast<Slot*>(memory);  // zeros where new
}

bool take(int device, int64_t bytes) {
  own_slot().bytes[device] += bytes;
  if (in_use(device) <= model().capacity) return true;
  own_slot().bytes[device] -= bytes;
  return false;
}

void give_back(int device, int64_t bytes) { own_slot().bytes[device] -= bytes; }

int64_t in_use(int device) {
  int64_t total = model().others;
  const int64_t own = getpid();
  for (int i = 0; slots && i < kSlots; i++) {
    const int64_t owner = slots[i].pid;
    if (owner != 0 && (owner == own || is_alive(owner))) total += slots[i].bytes[device];
  }
  return total;
}

int64_t in_use_by_this_process(int device) { return own_slot().bytes[device]; }

}  // namespace sim
