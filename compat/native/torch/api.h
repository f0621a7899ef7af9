// What every function of this library keeps to: no exception leaves it. A failed call returns null (or false) and leaves its message for mt_last_error.
// Handles are at::Tensor*, owned by the caller; arguments taken by reference are never null (the managed side refuses those).
#pragma once
#include <ATen/ATen.h>
#include <torch/csrc/api/include/torch/version.h>

#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 6)
#include <optional>
namespace maybe_of = std;  // c10's own went away
#else
namespace maybe_of = c10;
#endif

#define API extern "C" __attribute__((visibility("default")))

namespace mt {

using Handle = at::Tensor *;
using Optional = const at::Tensor *;  // null where the caller has none

enum class ScalarKind : int64_t { None, Bool, Integer, Real };

struct Scalar {
  int64_t bits;
  ScalarKind kind;
};

struct Device {
  int32_t type;  // -1: not given
  int32_t index;
};

struct Options {
  int32_t dtype;  // -1: not given
  int32_t device_type;
  int32_t device_index;
  int32_t requires_grad;
};

// The count, then so many handles (0: none).
using List = const int64_t *;

void remember_error() noexcept;

at::Scalar value(Scalar scalar);
maybe_of::optional<at::Scalar> maybe(Scalar scalar);
maybe_of::optional<at::Tensor> maybe(Optional tensor);
maybe_of::optional<at::ScalarType> maybe_type(int32_t dtype);
maybe_of::optional<at::Generator> maybe(const at::Generator *generator);
maybe_of::optional<at::Device> maybe(Device device);
at::TensorOptions options(const Options &from);
std::vector<at::Tensor> tensors(List list);
c10::List<maybe_of::optional<at::Tensor>> optional_tensors(List list);

template <class F>
Handle tensor(F &&body) noexcept {
  try {
    return new at::Tensor(body());
  } catch (...) {
    remember_error();
    return nullptr;
  }
}

// For bodies that yield a pair: the first is returned, the second goes to `second`.
template <class F>
Handle pair(Handle *second, F &&body) noexcept {
  *second = nullptr;
  try {
    auto both = body();
    auto first = std::make_unique<at::Tensor>(std::get<0>(both));
    *second = new at::Tensor(std::get<1>(both));
    return first.release();
  } catch (...) {
    remember_error();
    return nullptr;
  }
}

template <class F>
bool done(F &&body) noexcept {
  try {
    body();
    return true;
  } catch (...) {
    remember_error();
    return false;
  }
}

inline at::IntArrayRef dims(const int64_t *values, int32_t count) { return at::IntArrayRef(values, static_cast<size_t>(count)); }

}  // namespace mt

using namespace mt;
