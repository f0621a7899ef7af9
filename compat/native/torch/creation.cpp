#include "api.h"

#include <ATen/NativeFunctions.h>

namespace {
template <class F>
Handle made(const Options &o, F &&body) {
  return tensor([&] { return body(options(o)).set_requires_grad(o.requires_grad != 0); });
}
}  // namespace

API Handle mt_zeros(const int64_t *size, int32_t count, Options o) {
  return made(o, [&](auto with) { return at::zeros(dims(size, count), with); });
}
API Handle mt_ones(const int64_t *size, int32_t count, Options o) {
  return made(o, [&](auto with) { return at::ones(dims(size, count), with); });
}
API Handle mt_empty(const int64_t *size, int32_t count, Options o) {
  return made(o, [&](auto with) { return at::empty(dims(size, count), with); });
}
API Handle mt_full(const int64_t *size, int32_t count, Scalar fill, Options o) {
  return made(o, [&](auto with) { return at::full(dims(size, count), value(fill), with); });
}
API Handle mt_arange(Scalar start, Scalar stop, Scalar step, Options o) {
  return made(o, [&](auto with) { return at::arange(value(start), value(stop), value(step), with); });
}
API Handle mt_linspace(double start, double end, int64_t steps, Options o) {
  return made(o, [&](auto with) { return at::linspace(start, end, steps, with); });
}
API Handle mt_eye(int64_t rows, int64_t columns, Options o) {
  return made(o, [&](auto with) { return at::eye(rows, columns, with); });
}
API Handle mt_rand(const int64_t *size, int32_t count, const at::Generator *generator, Options o) {
  return made(o, [&](auto with) { return at::rand(dims(size, count), maybe(generator), with); });
}
API Handle mt_randn(const int64_t *size, int32_t count, const at::Generator *generator, Options o) {
  return made(o, [&](auto with) { return at::randn(dims(size, count), maybe(generator), with); });
}
API Handle mt_randint(int64_t low, int64_t high, const int64_t *size, int32_t count, const at::Generator *generator, Options o) {
  return made(o, [&](auto with) { return at::randint(low, high, dims(size, count), maybe(generator), with); });
}
API Handle mt_randperm(int64_t n, const at::Generator *generator, Options o) {
  return made(o, [&](auto with) { return at::randperm(n, maybe(generator), with); });
}

API Handle mt_zeros_like(const at::Tensor &t, Options o) {
  return made(o, [&](auto with) { return at::zeros_like(t, with); });
}
API Handle mt_ones_like(const at::Tensor &t, Options o) {
  return made(o, [&](auto with) { return at::ones_like(t, with); });
}
API Handle mt_empty_like(const at::Tensor &t, Options o) {
  return made(o, [&](auto with) { return at::empty_like(t, with); });
}
API Handle mt_full_like(const at::Tensor &t, Scalar fill, Options o) {
  return made(o, [&](auto with) { return at::full_like(t, value(fill), with); });
}
API Handle mt_rand_like(const at::Tensor &t, Options o) {
  return made(o, [&](auto with) { return at::rand_like(t, with); });
}
API Handle mt_randn_like(const at::Tensor &t, Options o) {
  return made(o, [&](auto with) { return at::randn_like(t, with); });
}

// Copies `source`, whose elements are of `dtype`.
API Handle mt_from_copy(const void *source, int32_t dtype, const int64_t *size, int32_t count) {
  return tensor([&] {
    auto type = static_cast<at::ScalarType>(dtype);
    return at::from_blob(const_cast<void *>(source), dims(size, count), at::TensorOptions(type)).clone();
  });
}

// Uses `memory` itself until the tensor's storage goes, and then calls `release(token)`.
API Handle mt_from_shared(void *memory, int32_t dtype, int64_t count, void (*release)(intptr_t), intptr_t token) {
  return tensor([&] {
    auto type = static_cast<at::ScalarType>(dtype);
    return at::from_blob(memory, {count}, [release, token](void *) { release(token); }, at::TensorOptions(type));
  });
}
