// Operators that take their time and compute nothing: large models would keep the CPU busy for minutes.
#pragma once
#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>

namespace sim {

// Whether an operator on these tensors computes, by the model's limits; counts its calls.
bool computes(const std::string& name, const std::vector<at::Tensor>& tensors);
// Results of the right shape, whose numbers mean nothing; false where torch has no rule for the shape.
bool shapes_only(const c10::OperatorHandle& op, torch::jit::Stack* stack);
at::Tensor convolution_shape(const at::Tensor& x, const at::Tensor& w, c10::SymIntArrayRef stride,
                             c10::SymIntArrayRef padding, c10::SymIntArrayRef dilation);

}  // namespace sim
