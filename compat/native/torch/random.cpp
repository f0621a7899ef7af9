#include "api.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include <mutex>

namespace {
at::Generator default_generator(Device device) {
  if (device.type < 0 || device.type == 0) return at::detail::getDefaultCPUGenerator();
  return at::globalContext().defaultGenerator(*maybe(device));
}

template <class F>
auto locked(at::Generator &generator, F &&body) {
  std::lock_guard<std::mutex> lock(generator.mutex());
  return body();
}
}  // namespace

API at::Generator *mt_generator_new(uint64_t seed, Device device) {
  at::Generator *result = nullptr;
  done([&] {
    // A clone of the device's own generator needs no header of that device.
    at::Generator made = device.type <= 0 ? at::make_generator<at::CPUGeneratorImpl>(seed) : default_generator(device).clone();
    made.set_current_seed(seed);
    result = new at::Generator(std::move(made));
  });
  return result;
}

API at::Generator *mt_generator_default(Device device) {
  at::Generator *result = nullptr;
  done([&] { result = new at::Generator(default_generator(device)); });
  return result;
}

API void mt_generator_dispose(at::Generator *generator) { delete generator; }
API int32_t mt_generator_device_type(const at::Generator &generator) { return static_cast<int32_t>(generator.device().type()); }
API int32_t mt_generator_device_index(const at::Generator &generator) { return generator.device().index(); }

API bool mt_generator_seed(at::Generator &generator, uint64_t seed) {
  return done([&] { locked(generator, [&] { generator.set_current_seed(seed); }); });
}
API bool mt_generator_initial_seed(at::Generator &generator, uint64_t *seed) {
  return done([&] { *seed = locked(generator, [&] { return generator.current_seed(); }); });
}
API bool mt_generator_random_seed(at::Generator &generator, uint64_t *seed) {
  return done([&] { *seed = locked(generator, [&] { return generator.seed(); }); });
}
API Handle mt_generator_get_state(at::Generator &generator) {
  return tensor([&] { return locked(generator, [&] { return generator.get_state(); }); });
}
API bool mt_generator_set_state(at::Generator &generator, const at::Tensor &state) {
  return done([&] { locked(generator, [&] { generator.set_state(state); }); });
}

API bool mt_manual_seed(uint64_t seed) { return done([&] { at::manual_seed(seed); }); }
API bool mt_cuda_manual_seed(uint64_t seed, bool all) {
  return done([&] {
    if (!at::hasCUDA()) return;
    auto count = all ? static_cast<int32_t>(at::getNumGPUs()) : 1;
    for (int32_t i = 0; i < count; i++) {
      auto generator = default_generator({static_cast<int32_t>(at::kCUDA), all ? i : -1});
      locked(generator, [&] { generator.set_current_seed(seed); });
    }
  });
}

API Handle mt_uniform_(at::Tensor &t, double from, double to, const at::Generator *generator) {
  return tensor([&] { return t.uniform_(from, to, maybe(generator)); });
}
API Handle mt_normal_(at::Tensor &t, double mean, double std, const at::Generator *generator) {
  return tensor([&] { return t.normal_(mean, std, maybe(generator)); });
}
API Handle mt_bernoulli_(at::Tensor &t, double p, const at::Generator *generator) { return tensor([&] { return t.bernoulli_(p, maybe(generator)); }); }
API Handle mt_bernoulli(const at::Tensor &t, const at::Generator *generator) { return tensor([&] { return t.bernoulli(maybe(generator)); }); }
API Handle mt_random_(at::Tensor &t, int64_t from, int64_t to, const at::Generator *generator) {
  return tensor([&] { return t.random_(from, to, maybe(generator)); });
}
API Handle mt_exponential_(at::Tensor &t, double lambda, const at::Generator *generator) {
  return tensor([&] { return t.exponential_(lambda, maybe(generator)); });
}
API Handle mt_multinomial(const at::Tensor &t, int64_t count, bool replacement, const at::Generator *generator) {
  return tensor([&] { return t.multinomial(count, replacement, maybe(generator)); });
}
