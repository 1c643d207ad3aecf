#include "last_cache.h"

#include <list>
#include <mutex>
#include <utility>

#include "model.h"

namespace sim {
namespace {

std::mutex guard;
std::list<std::pair<const void*, size_t>> lines;  // used last comes first

}  // namespace

double missed_bytes(const void* tensor, size_t bytes) {
  const size_t size = size_t(model().cache);
  if (size == 0) return double(bytes);
  std::lock_guard held(guard);
  size_t missed = bytes, used = 0;
  for (auto line = lines.begin(); line != lines.end();) {
    if (line->first == tensor) {
      missed = line->second >= bytes ? 0 : bytes;
      line = lines.erase(line);
    } else {
      ++line;
    }
  }
  lines.emplace_front(tensor, bytes);
  for (auto line = lines.begin(); line != lines.end();) {
    used += line->second;
    line = used > size ? lines.erase(line) : std::next(line);
  }
  return double(missed);
}

void empty_last_cache() {
  std::lock_guard held(guard);
  lines.clear();
}

}  // namespace sim
