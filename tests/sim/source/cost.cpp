#include "cost.h"

#include <ATen/Context.h>

namespace sim {
namespace {

double speedup(at::ScalarType type, at::Float32Op kind) {
  if (type == at::kHalf || type == at::kBFloat16) return model().half_speedup;
  const auto precision = at::globalContext().float32Precision(at::Float32Backend::CUDA, kind);
  return precision == at::Float32Precision::TF32 ? model().tf32_speedup : 1;
}

}  // namespace

Ns operator_time(const std::string& name, const std::vector<at::Tensor>& tensors, double bytes) {
  const bool plain = name == "aten::mm" || name == "aten::bmm";  // the others add a product to their first argument
  const bool adding = name == "aten::addmm" || name == "aten::baddbmm";
  if (!plain && !adding) return kernel_time(0, 1, bytes);
  const at::Tensor &left = tensors.at(adding), &right = tensors.at(adding + 1);
  const double flops = 2.0 * double(left.numel()) * double(right.size(-1));
  return kernel_time(flops, speedup(left.scalar_type(), at::Float32Op::MATMUL), bytes);
}

Ns convolution_time(double macs, at::ScalarType type, double bytes) {
  const double tuned = at::globalContext().benchmarkCuDNN() ? model().benchmark_speedup : 1;
  return kernel_time(2.0 * macs, tuned * speedup(type, at::Float32Op::CONV), bytes);
}

}  // namespace sim
