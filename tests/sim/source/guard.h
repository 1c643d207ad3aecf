// The current device and its current stream, of this thread.
#pragma once
#include <c10/core/DeviceType.h>

#include "timeline.h"

namespace sim {

constexpr auto kDeviceType = c10::DeviceType::PrivateUse1;

int current_device();
Lane current_lane();

}  // namespace sim
