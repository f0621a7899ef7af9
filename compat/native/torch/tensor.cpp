// A tensor's life and what it says of itself. Functions without a guard cannot throw on a defined tensor.
#include "api.h"

#include <cstring>

API void mt_dispose(Handle t) { delete t; }
API int64_t mt_dim(const at::Tensor &t) { return t.dim(); }
API int64_t mt_numel(const at::Tensor &t) { return t.numel(); }
API int64_t mt_element_size(const at::Tensor &t) { return static_cast<int64_t>(t.dtype().itemsize()); }
API int32_t mt_dtype(const at::Tensor &t) { return static_cast<int32_t>(t.scalar_type()); }
API int32_t mt_device_type(const at::Tensor &t) { return static_cast<int32_t>(t.device().type()); }
API int32_t mt_device_index(const at::Tensor &t) { return t.device().index(); }
API bool mt_is_contiguous(const at::Tensor &t) { return t.is_contiguous(); }
API bool mt_requires_grad(const at::Tensor &t) { return t.requires_grad(); }
API bool mt_is_leaf(const at::Tensor &t) { return t.is_leaf(); }
API int64_t mt_storage_offset(const at::Tensor &t) { return t.storage_offset(); }

// `into` has room for mt_dim values.
API void mt_sizes(const at::Tensor &t, int64_t *into) { std::copy(t.sizes().begin(), t.sizes().end(), into); }

API bool mt_strides(const at::Tensor &t, int64_t *into) {
  return done([&] { std::copy(t.strides().begin(), t.strides().end(), into); });
}

API void *mt_data_ptr(const at::Tensor &t) {
  void *pointer = nullptr;
  done([&] { pointer = t.data_ptr(); });
  return pointer;
}

API bool mt_is_pinned(const at::Tensor &t, bool *answer) {
  return done([&] { *answer = t.is_pinned(); });
}

API Handle mt_pin_memory(const at::Tensor &t) { return tensor([&] { return t.pin_memory(); }); }
API bool mt_set_requires_grad(at::Tensor &t, bool value) { return done([&] { t.set_requires_grad(value); }); }
API Handle mt_detach(const at::Tensor &t) { return tensor([&] { return t.detach(); }); }
API Handle mt_detach_(at::Tensor &t) { return tensor([&] { return t.detach_(); }); }
API Handle mt_clone(const at::Tensor &t) { return tensor([&] { return t.clone(); }); }
API Handle mt_alias(const at::Tensor &t) { return tensor([&] { return t; }); }
API Handle mt_contiguous(const at::Tensor &t) { return tensor([&] { return t.contiguous(); }); }
API Handle mt_copy_(at::Tensor &t, const at::Tensor &source, bool non_blocking) { return tensor([&] { return t.copy_(source, non_blocking); }); }

API Handle mt_set_(at::Tensor &t, const at::Tensor &source) { return tensor([&] { return t.set_(source); }); }

API Handle mt_to(const at::Tensor &t, int32_t dtype, Device device, bool copy, bool non_blocking) {
  return tensor([&] { return t.to(maybe(device).value_or(t.device()), maybe_type(dtype).value_or(t.scalar_type()), non_blocking, copy); });
}

// The value of a tensor of one element, as a double or as an integer, whichever holds it.
API bool mt_item(const at::Tensor &t, Scalar *into) {
  return done([&] {
    at::Scalar item = t.item();
    if (item.isBoolean()) {
      *into = {item.to<bool>() ? 1 : 0, ScalarKind::Bool};
    } else if (item.isFloatingPoint()) {
      double real = item.toDouble();
      into->kind = ScalarKind::Real;
      std::memcpy(&into->bits, &real, sizeof real);
    } else {
      *into = {item.toLong(), ScalarKind::Integer};
    }
  });
}

API bool mt_equal(const at::Tensor &t, const at::Tensor &other, bool *answer) {
  return done([&] { *answer = t.equal(other); });
}

API bool mt_allclose(const at::Tensor &t, const at::Tensor &other, double rtol, double atol, bool equal_nan, bool *answer) {
  return done([&] { *answer = t.allclose(other, rtol, atol, equal_nan); });
}

