// The memory of the cards, shared by all processes that use them.
#pragma once
#include <cstdint>
#include <string>

namespace sim {

// Bytes by process are kept in this file; without a name, in memory that forked children share.
void open_cards(const std::string& file);
// Take bytes of a device for this process; false where they are not free.
bool take(int device, int64_t bytes);
void give_back(int device, int64_t bytes);
// Bytes of a device in use by all living processes and by `others` of the model.
int64_t in_use(int device);
int64_t in_use_by_this_process(int device);

}  // namespace sim
