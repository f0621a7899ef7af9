#include "api.h"

#include <cstring>

namespace {
thread_local std::string last_error;
}

namespace mt {

void remember_error() noexcept {
  try {
    throw;
  } catch (const c10::Error &error) {
    last_error = error.what_without_backtrace();
  } catch (const std::exception &error) {
    last_error = error.what();
  } catch (...) {
    last_error = "an error that is no std::exception";
  }
}

at::Scalar value(Scalar scalar) {
  switch (scalar.kind) {
    case ScalarKind::Bool:
      return at::Scalar(scalar.bits != 0);
    case ScalarKind::Integer:
      return at::Scalar(scalar.bits);
    case ScalarKind::Real: {
      double real;
      std::memcpy(&real, &scalar.bits, sizeof real);
      return at::Scalar(real);
    }
    default:
      throw std::invalid_argument("a scalar is missing");
  }
}

maybe_of::optional<at::Scalar> maybe(Scalar scalar) {
  if (scalar.kind == ScalarKind::None) return maybe_of::nullopt;
  return value(scalar);
}

maybe_of::optional<at::Tensor> maybe(Optional tensor) {
  if (tensor == nullptr) return maybe_of::nullopt;
  return *tensor;
}

maybe_of::optional<at::ScalarType> maybe_type(int32_t dtype) {
  if (dtype < 0) return maybe_of::nullopt;
  return static_cast<at::ScalarType>(dtype);
}

maybe_of::optional<at::Generator> maybe(const at::Generator *generator) {
  if (generator == nullptr) return maybe_of::nullopt;
  return *generator;
}

maybe_of::optional<at::Device> maybe(Device device) {
  if (device.type < 0) return maybe_of::nullopt;
  return at::Device(static_cast<at::DeviceType>(device.type), static_cast<at::DeviceIndex>(device.index));
}

at::TensorOptions options(const Options &from) {
  // requires_grad is left out: at:: factories refuse it, and set_requires_grad says it afterwards.
  return at::TensorOptions().dtype(maybe_type(from.dtype)).device(maybe(Device{from.device_type, from.device_index}));
}

std::vector<at::Tensor> tensors(List list) {
  std::vector<at::Tensor> result;
  result.reserve(static_cast<size_t>(list[0]));
  for (int64_t i = 1; i <= list[0]; i++) {
    auto handle = reinterpret_cast<Optional>(list[i]);
    result.push_back(handle == nullptr ? at::Tensor() : *handle);
  }
  return result;
}

c10::List<maybe_of::optional<at::Tensor>> optional_tensors(List list) {
  c10::List<maybe_of::optional<at::Tensor>> result;
  result.reserve(static_cast<size_t>(list[0]));
  for (int64_t i = 1; i <= list[0]; i++) result.push_back(maybe(reinterpret_cast<Optional>(list[i])));
  return result;
}

}  // namespace mt

API const char *mt_last_error() { return last_error.c_str(); }
