// Autograd and the switches of the process and the thread.
#include "api.h"

#include <ATen/Parallel.h>
#include <c10/core/GradMode.h>
#include <c10/core/InferenceMode.h>
#include <torch/csrc/autograd/autograd.h>

namespace {
std::vector<at::Tensor> ones_where_missing(List given, const std::vector<at::Tensor> &outputs) {
  auto result = tensors(given);
  result.resize(outputs.size());
  return result;
}
}  // namespace

// A gradient that is not given counts as 1, which libtorch allows for outputs of one element.
API bool mt_backward(List outputs, List gradients, bool retain, bool create, List inputs) {
  return done([&] {
    auto of = tensors(outputs);
    torch::autograd::backward(of, ones_where_missing(gradients, of), retain, create, tensors(inputs));
  });
}

// `into` has room for a handle per input; an unused one stays 0.
API bool mt_grad(List outputs, List inputs, List gradients, bool retain, bool create, bool allow_unused, Handle *into) {
  return done([&] {
    auto of = tensors(outputs);
    auto found = torch::autograd::grad(of, tensors(inputs), ones_where_missing(gradients, of), retain, create, allow_unused);
    for (size_t i = 0; i < found.size(); i++) into[i] = found[i].defined() ? new at::Tensor(found[i]) : nullptr;
  });
}

// True with a null `into` where there is no gradient.
API bool mt_get_grad(const at::Tensor &t, Handle *into) {
  *into = nullptr;
  return done([&] {
    if (t.grad().defined()) *into = new at::Tensor(t.grad());
  });
}
API bool mt_set_grad(at::Tensor &t, Optional gradient) {
  return done([&] {
    if (gradient == nullptr) {
      t.mutable_grad().reset();
      return;
    }
    TORCH_CHECK(gradient->sizes() == t.sizes(), "assigned grad has data of a different size");
    TORCH_CHECK(gradient->scalar_type() == t.scalar_type() && gradient->device() == t.device(), "assigned grad has data of a different type");
    t.mutable_grad() = *gradient;
  });
}
API bool mt_retain_grad(const at::Tensor &t) {
  return done([&] { t.retain_grad(); });
}

API bool mt_is_grad_enabled() { return c10::GradMode::is_enabled(); }
API void mt_set_grad_enabled(bool enabled) { c10::GradMode::set_enabled(enabled); }
API bool mt_is_inference_mode() { return c10::InferenceMode::is_enabled(); }
API c10::InferenceMode *mt_inference_mode_new(bool enabled) { return new (std::nothrow) c10::InferenceMode(enabled); }
API void mt_inference_mode_dispose(c10::InferenceMode *guard) { delete guard; }

API int32_t mt_get_num_threads() { return at::get_num_threads(); }
API bool mt_set_num_threads(int32_t count) { return done([&] { at::set_num_threads(count); }); }
API int32_t mt_get_num_interop_threads() { return at::get_num_interop_threads(); }
API bool mt_set_num_interop_threads(int32_t count) { return done([&] { at::set_num_interop_threads(count); }); }

API int32_t mt_cuda_device_count() {
  int32_t count = 0;
  done([&] { count = at::hasCUDA() ? static_cast<int32_t>(at::getNumGPUs()) : 0; });
  return count;
}
API bool mt_has_cudnn() {
  bool answer = false;
  done([&] { answer = at::hasCUDA() && at::globalContext().hasCuDNN(); });
  return answer;
}
API bool mt_cuda_synchronize(int32_t index) {
  return done([&] { at::detail::getCUDAHooks().deviceSynchronize(static_cast<at::DeviceIndex>(std::max(index, 0))); });
}
API bool mt_get_matmul_tf32() { return at::globalContext().allowTF32CuBLAS(); }
API bool mt_set_matmul_tf32(bool value) { return done([&] { at::globalContext().setAllowTF32CuBLAS(value); }); }
API bool mt_get_cudnn_tf32() { return at::globalContext().allowTF32CuDNN(); }
API bool mt_set_cudnn_tf32(bool value) { return done([&] { at::globalContext().setAllowTF32CuDNN(value); }); }
API bool mt_set_default_dtype(int32_t dtype) {
  return done([&] { at::set_default_dtype(c10::scalarTypeToTypeMeta(static_cast<at::ScalarType>(dtype))); });
}
API const char *mt_version() { return TORCH_VERSION; }
