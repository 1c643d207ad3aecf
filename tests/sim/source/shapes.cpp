#include "shapes.h"

#include <ATen/native/ConvUtils.h>

#include <map>
#include <mutex>

#include "guard.h"
#include "model.h"

namespace sim {
namespace {

std::mutex guard;
std::map<std::string, int64_t> calls;

at::Tensor like(const at::Tensor& tensor, c10::Device device) {
  return at::empty_strided(tensor.sizes(), tensor.strides(), tensor.options().device(device));
}

}  // namespace

bool computes(const std::string& name, const std::vector<at::Tensor>& tensors) {
  double bytes = 0;
  for (const auto& tensor : tensors) bytes += double(tensor.nbytes());
  std::lock_guard held(guard);
  const bool often = model().computed_calls > 0 && ++calls[name] > model().computed_calls;
  return !often && (model().computed_bytes == 0 || bytes <= double(model().computed_bytes));
}

bool shapes_only(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const auto& schema = op.schema();
  if (!op.hasComputedKernelForDispatchKey(c10::DispatchKey::Meta)) return false;
  const size_t count = schema.arguments().size(), begin = stack->size() - count;
  std::optional<c10::Device> device;
  torch::jit::Stack shapes(stack->begin() + int64_t(begin), stack->end());
  for (auto& value : shapes) {
    if (value.isTensorList() || value.isOptionalTensorList()) return false;
    if (!value.isTensor() || !value.toTensor().defined()) continue;
    if (value.toTensor().device().type() == kDeviceType) device = value.toTensor().device();
    value = like(value.toTensor(), at::kMeta);
  }
  if (!device) return false;
  op.redispatchBoxed(c10::DispatchKeySet(c10::DispatchKey::Meta), &shapes);
  std::vector<c10::IValue> results;
  for (size_t i = 0; i < schema.returns().size(); i++) {
    const auto* alias = schema.returns()[i].alias_info();
    if (!shapes[i].isTensor()) return false;
    if (!alias) {
      results.emplace_back(like(shapes[i].toTensor(), *device));
      continue;
    }
    for (size_t argument = 0; argument < count; argument++) {
      const auto* own = schema.arguments()[argument].alias_info();
      if (own && *own == *alias) results.push_back((*stack)[begin + argument]);
    }
  }
  if (results.size() != schema.returns().size()) return false;
  stack->erase(stack->begin() + int64_t(begin), stack->end());
  stack->insert(stack->end(), results.begin(), results.end());
  return true;
}

at::Tensor convolution_shape(const at::Tensor& x, const at::Tensor& w, c10::SymIntArrayRef stride,
                             c10::SymIntArrayRef padding, c10::SymIntArrayRef dilation) {
  const auto size = at::native::conv_output_size(x.sizes(), w.sizes(), C10_AS_INTARRAYREF_SLOW(padding),
                                                 C10_AS_INTARRAYREF_SLOW(stride), C10_AS_INTARRAYREF_SLOW(dilation));
  return at::empty(size, x.options().memory_format(x.suggest_memory_format()));
}

}  // namespace sim
