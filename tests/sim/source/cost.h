// What an operator costs on the device: products that it adds up, and bytes of the tensors that it touches.
#pragma once
#include <ATen/core/Tensor.h>
#include <ATen/core/stack.h>

#include "timeline.h"

namespace sim {

// Time of the operator `name` with these tensors, its arguments first.
Ns operator_time(const std::string& name, const std::vector<at::Tensor>& tensors, double bytes);
// Time of a convolution of so many multiply-adds.
Ns convolution_time(double macs, at::ScalarType type, double bytes);

}  // namespace sim
