// Operators: memory, convolutions and batch normalisation are written out, everything else is the CPU's.
#include <ATen/ATen.h>
#include <ATen/EmptyTensor.h>
#include <ATen/native/CPUFallback.h>
#include <ATen/ops/_reshape_alias_native.h>
#include <ATen/ops/as_strided_native.h>
#include <ATen/ops/resize_native.h>
#include <ATen/ops/set_native.h>
#include <ATen/ops/unfold_native.h>
#include <ATen/ops/view_native.h>
#include <c10/core/DeviceGuard.h>
#include <torch/library.h>

#include <algorithm>
#include <set>

#include "allocator.h"
#include "cost.h"
#include "faults.h"
#include "guard.h"
#include "last_cache.h"
#include "shapes.h"

namespace sim {
namespace {

// While the CPU's operator runs, copies to and from it are not the device's work.
thread_local int untimed = 0;
struct Untimed {
  Untimed() { untimed++; }
  ~Untimed() { untimed--; }
};

void launch(const std::string& name, Ns duration) {
  if (untimed) return;
  check_failed();
  mark_used();
  const int64_t slower = meet_faults(name);
  enqueue(current_lane(), duration * slower);
}

bool on_device(const at::Tensor& tensor) { return tensor.defined() && tensor.device().type() == kDeviceType; }

// Bytes of all different tensors that have to come from the device's memory or go there.
double bytes_of(const std::vector<at::Tensor>& tensors) {
  std::set<const void*> counted;
  double bytes = 0;
  for (const auto& tensor : tensors)
    if (counted.insert(tensor.const_data_ptr()).second) bytes += missed_bytes(tensor.const_data_ptr(), tensor.nbytes());
  return bytes;
}

// The same memory as a CPU tensor.
at::Tensor as_cpu(const at::Tensor& tensor) {
  if (!on_device(tensor)) return tensor;
  return at::for_blob(const_cast<void*>(tensor.storage().data()), tensor.sizes())
      .strides(tensor.strides())
      .storage_offset(tensor.storage_offset())
      .options(tensor.options().device(at::kCPU))
      .target_device(at::kCPU)
      .make_tensor();
}

at::Tensor empty(c10::SymIntArrayRef size, std::optional<at::ScalarType> type, std::optional<at::Layout>,
                 std::optional<at::Device> device, std::optional<bool>, std::optional<at::MemoryFormat> format) {
  const c10::OptionalDeviceGuard on(device);
  return at::detail::empty_generic(C10_AS_INTARRAYREF_SLOW(size), &allocator(),
                                   c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                   type.value_or(at::get_default_dtype_as_scalartype()), format);
}

at::Tensor empty_strided(c10::IntArrayRef size, c10::IntArrayRef strides, std::optional<at::ScalarType> type,
                         std::optional<at::Layout>, std::optional<at::Device> device, std::optional<bool>) {
  const c10::OptionalDeviceGuard on(device);
  return at::detail::empty_strided_generic(size, strides, &allocator(),
                                           c10::DispatchKeySet(c10::DispatchKey::PrivateUse1),
                                           type.value_or(at::get_default_dtype_as_scalartype()));
}

// Between devices a copy is a kernel of the target's stream. From and to the host it is a transfer, and the host waits
// for it unless its memory is pinned and it asks not to.
at::Tensor copy_from(const at::Tensor& from, const at::Tensor& to, bool non_blocking) {
  const bool to_host = to.device().is_cpu(), from_host = from.device().is_cpu();
  const c10::OptionalDeviceGuard on(to_host ? from.device() : to.device());
  if (to_host || from_host) {
    const auto& host = to_host ? to : from;
    launch("copy", transfer_time(double(to.nbytes())));
    if (!untimed && !(non_blocking && is_pinned(host.const_data_ptr()))) wait_until(end_of(current_lane()));
  } else {
    if (from.device() != to.device()) hold_back(current_lane(), end_of_device(from.device().index()));
    launch("copy", kernel_time(0, 1, bytes_of({from, to})));
    if (!untimed && !computes("copy", {from, to})) return to;
  }
  as_cpu(to).copy_(as_cpu(from));
  return to;
}

at::Tensor copy_from_and_resize(const at::Tensor& from, const at::Tensor& to) {
  if (from.sizes() != to.sizes()) const_cast<at::Tensor&>(to).resize_(from.sizes());
  return copy_from(from, to, false);
}

at::Scalar item(const at::Tensor& tensor) {
  const c10::OptionalDeviceGuard on(tensor.device());
  wait_until(end_of(current_lane()));
  return as_cpu(tensor).item();
}

at::Tensor to_device(const at::Tensor& result, c10::Device device) {
  if (!result.defined()) return result;
  auto moved = at::empty_like(result, result.options().device(device));
  as_cpu(moved).copy_(result);
  return moved;
}

double macs_of(const at::Tensor& output, const at::Tensor& weight) {
  return double(output.numel()) * double(weight.numel()) / double(weight.size(0));
}

at::Tensor convolution(const at::Tensor& x, const at::Tensor& w, const std::optional<at::Tensor>& bias,
                       c10::SymIntArrayRef stride, c10::SymIntArrayRef padding, c10::SymIntArrayRef dilation,
                       bool transposed, c10::SymIntArrayRef output_padding, c10::SymInt groups) {
  const c10::OptionalDeviceGuard on(x.device());
  const bool has_bias = bias && bias->defined();
  const auto compute = [&] {
    const auto b = has_bias ? std::optional(as_cpu(*bias)) : std::nullopt;
    return to_device(at::convolution_symint(as_cpu(x), as_cpu(w), b, stride, padding, dilation, transposed,
                                            output_padding, groups), x.device());
  };
  auto output = transposed || computes("convolution", {x, w}) ? compute()
                                                              : convolution_shape(x, w, stride, padding, dilation);
  const double macs = transposed ? macs_of(x, w) : macs_of(output, w);
  launch("convolution", convolution_time(macs, x.scalar_type(), bytes_of({x, w, output})));
  return output;
}

std::tuple<at::Tensor, at::Tensor, at::Tensor> convolution_backward(
    const at::Tensor& dy, const at::Tensor& x, const at::Tensor& w, c10::SymIntArrayRef stride,
    c10::SymIntArrayRef padding, c10::SymIntArrayRef dilation, bool transposed, c10::SymIntArrayRef output_padding,
    c10::SymInt groups, std::array<bool, 3> mask) {
  const c10::OptionalDeviceGuard on(x.device());
  auto [dx, dw, db] = at::convolution_backward_symint(as_cpu(dy), as_cpu(x), as_cpu(w), std::nullopt, stride, padding,
                                                      dilation, transposed, output_padding, groups, mask);
  const double macs = transposed ? macs_of(x, w) : macs_of(dy, w);
  if (dx.defined()) launch("convolution_backward", convolution_time(macs, x.scalar_type(), bytes_of({dy, w, dx})));
  if (dw.defined()) launch("convolution_backward", convolution_time(macs, x.scalar_type(), bytes_of({dy, x, dw})));
  if (db.defined()) launch("convolution_backward", kernel_time(0, 1, bytes_of({dy, db})));
  return {to_device(dx, x.device()), to_device(dw, x.device()), to_device(db, x.device())};
}

// Written out because it also changes the running statistics, which its schema does not say.
std::tuple<at::Tensor, at::Tensor, at::Tensor> batch_norm(
    const at::Tensor& x, const std::optional<at::Tensor>& weight, const std::optional<at::Tensor>& bias,
    const std::optional<at::Tensor>& mean, const std::optional<at::Tensor>& variance, bool training, double momentum,
    double epsilon) {
  const c10::OptionalDeviceGuard on(x.device());
  const auto cpu = [](const std::optional<at::Tensor>& t) { return t && t->defined() ? std::optional(as_cpu(*t)) : t; };
  if (!training && !computes("native_batch_norm", {x})) {
    auto output = at::empty_like(x);
    launch("native_batch_norm", kernel_time(0, 1, bytes_of({x, output})));
    return {output, at::empty({0}, x.options()), at::empty({0}, x.options())};
  }
  const auto [y, batch_mean, batch_scale] = at::native_batch_norm(as_cpu(x), cpu(weight), cpu(bias), cpu(mean),
                                                                  cpu(variance), training, momentum, epsilon);
  auto output = to_device(y, x.device());
  launch("native_batch_norm", kernel_time(0, 1, bytes_of({x, output})));
  return {output, to_device(batch_mean, x.device()), to_device(batch_scale, x.device())};
}

void add_tensors(std::vector<at::Tensor>& found, const torch::jit::Stack& stack) {
  for (const auto& value : stack) {
    if (value.isTensor() && on_device(value.toTensor())) found.push_back(value.toTensor());
    if (value.isTensorList())
      for (const at::Tensor& tensor : value.toTensorVector())
        if (on_device(tensor)) found.push_back(tensor);
  }
}

void on_the_cpu(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  std::vector<at::Tensor> tensors;
  add_tensors(tensors, *stack);
  const c10::OptionalDeviceGuard on(tensors.empty() ? std::nullopt : std::optional(tensors[0].device()));
  if (computes(op.schema().name(), tensors) || !shapes_only(op, stack)) {
    const Untimed copies;
    at::native::cpu_fallback(op, stack);
  }
  add_tensors(tensors, *stack);
  launch(op.schema().name(), operator_time(op.schema().name(), tensors, bytes_of(tensors)));
}

}  // namespace
}  // namespace sim

TORCH_LIBRARY_IMPL(aten, PrivateUse1, m) {
  m.impl("empty.memory_format", sim::empty);
  m.impl("empty_strided", sim::empty_strided);
  m.impl("_copy_from", sim::copy_from);
  m.impl("_copy_from_and_resize", sim::copy_from_and_resize);
  m.impl("_local_scalar_dense", sim::item);
  m.impl("as_strided", at::native::as_strided_tensorimpl);
  m.impl("view", TORCH_FN(at::native::view));
  m.impl("unfold", TORCH_FN(at::native::unfold));
  m.impl("_reshape_alias", TORCH_FN(at::native::_reshape_alias));
  m.impl("resize_", at::native::resize_);
  m.impl("set_.source_Storage", at::native::set_);
  m.impl("set_.source_Tensor", at::native::set_tensor_);
  m.impl("native_batch_norm", sim::batch_norm);
  m.impl("convolution_overrideable", sim::convolution);
  m.impl("convolution_backward_overrideable", sim::convolution_backward);
}

TORCH_LIBRARY_IMPL(_, PrivateUse1, m) { m.fallback(torch::CppFunction::makeFromBoxedFunction<&sim::on_the_cpu>()); }
