#include "api.h"

#define UNARY(name) \
  API Handle mt_##name(const at::Tensor &t) { return tensor([&] { return at::name(t); }); }
#define UNARY_BOTH(name) \
  UNARY(name)            \
  API Handle mt_##name##_(at::Tensor &t) { return tensor([&] { return at::name##_(t); }); }
#define BINARY(name) \
  API Handle mt_##name(const at::Tensor &t, const at::Tensor &other) { return tensor([&] { return at::name(t, other); }); }
#define COMPARISON(name)                                                                                                     \
  BINARY(name)                                                                                                               \
  API Handle mt_##name##_scalar(const at::Tensor &t, Scalar other) { return tensor([&] { return at::name(t, value(other)); }); }

UNARY_BOTH(abs)
UNARY_BOTH(ceil)
UNARY_BOTH(cos)
UNARY_BOTH(exp)
UNARY_BOTH(expm1)
UNARY_BOTH(floor)
UNARY_BOTH(log)
UNARY_BOTH(log1p)
UNARY_BOTH(log2)
UNARY_BOTH(neg)
UNARY_BOTH(reciprocal)
UNARY_BOTH(relu)
UNARY_BOTH(round)
UNARY_BOTH(rsqrt)
UNARY_BOTH(sigmoid)
UNARY_BOTH(silu)
UNARY_BOTH(sin)
UNARY_BOTH(sqrt)
UNARY_BOTH(tanh)
UNARY(isfinite)
UNARY(isinf)
UNARY(isnan)
UNARY(logical_not)
UNARY(bitwise_not)
UNARY(sign)
UNARY(square)

BINARY(maximum)
BINARY(minimum)
BINARY(atan2)
BINARY(logical_and)
BINARY(logical_or)
BINARY(logical_xor)
BINARY(bitwise_and)
BINARY(bitwise_or)
BINARY(bitwise_xor)
COMPARISON(eq)
COMPARISON(ne)
COMPARISON(gt)
COMPARISON(ge)
COMPARISON(lt)
COMPARISON(le)
COMPARISON(remainder)
COMPARISON(pow)

#define ADDITIVE(name)                                                                                                         \
  API Handle mt_##name(const at::Tensor &t, const at::Tensor &other, Scalar alpha) {                                           \
    return tensor([&] { return t.name(other, value(alpha)); });                                                                \
  }                                                                                                                            \
  API Handle mt_##name##_(at::Tensor &t, const at::Tensor &other, Scalar alpha) {                                              \
    return tensor([&] { return t.name##_(other, value(alpha)); });                                                             \
  }                                                                                                                            \
  API Handle mt_##name##_scalar(const at::Tensor &t, Scalar other, Scalar alpha) {                                             \
    return tensor([&] { return t.name(value(other), value(alpha)); });                                                         \
  }                                                                                                                            \
  API Handle mt_##name##_scalar_(at::Tensor &t, Scalar other, Scalar alpha) {                                                  \
    return tensor([&] { return t.name##_(value(other), value(alpha)); });                                                      \
  }
ADDITIVE(add)
ADDITIVE(sub)

API Handle mt_rsub_scalar(const at::Tensor &t, Scalar other) { return tensor([&] { return at::rsub(t, value(other)); }); }
API Handle mt_mul(const at::Tensor &t, const at::Tensor &other) { return tensor([&] { return t.mul(other); }); }
API Handle mt_mul_(at::Tensor &t, const at::Tensor &other) { return tensor([&] { return t.mul_(other); }); }
API Handle mt_mul_scalar(const at::Tensor &t, Scalar other) { return tensor([&] { return t.mul(value(other)); }); }
API Handle mt_mul_scalar_(at::Tensor &t, Scalar other) { return tensor([&] { return t.mul_(value(other)); }); }

namespace {
// mode: torch.RoundingMode of the managed side.
template <class Other>
at::Tensor divided(const at::Tensor &t, const Other &by, int32_t mode) {
  return mode == 1 ? t.div(by, "trunc") : mode == 2 ? t.div(by, "floor") : t.div(by);
}
template <class Other>
at::Tensor divided_(at::Tensor &t, const Other &by, int32_t mode) {
  return mode == 1 ? t.div_(by, "trunc") : mode == 2 ? t.div_(by, "floor") : t.div_(by);
}
}  // namespace

API Handle mt_div(const at::Tensor &t, const at::Tensor &other, int32_t mode) { return tensor([&] { return divided(t, other, mode); }); }
API Handle mt_div_(at::Tensor &t, const at::Tensor &other, int32_t mode) { return tensor([&] { return divided_(t, other, mode); }); }
API Handle mt_div_scalar(const at::Tensor &t, Scalar other, int32_t mode) { return tensor([&] { return divided(t, value(other), mode); }); }
API Handle mt_div_scalar_(at::Tensor &t, Scalar other, int32_t mode) { return tensor([&] { return divided_(t, value(other), mode); }); }

API Handle mt_pow_(at::Tensor &t, Scalar exponent) { return tensor([&] { return t.pow_(value(exponent)); }); }

API Handle mt_addcmul(const at::Tensor &t, const at::Tensor &a, const at::Tensor &b, Scalar by) { return tensor([&] { return t.addcmul(a, b, value(by)); }); }
API Handle mt_addcmul_(at::Tensor &t, const at::Tensor &a, const at::Tensor &b, Scalar by) { return tensor([&] { return t.addcmul_(a, b, value(by)); }); }
API Handle mt_addcdiv(const at::Tensor &t, const at::Tensor &a, const at::Tensor &b, Scalar by) { return tensor([&] { return t.addcdiv(a, b, value(by)); }); }
API Handle mt_addcdiv_(at::Tensor &t, const at::Tensor &a, const at::Tensor &b, Scalar by) { return tensor([&] { return t.addcdiv_(a, b, value(by)); }); }
API Handle mt_lerp(const at::Tensor &t, const at::Tensor &end, const at::Tensor &weight) { return tensor([&] { return t.lerp(end, weight); }); }
API Handle mt_lerp_(at::Tensor &t, const at::Tensor &end, const at::Tensor &weight) { return tensor([&] { return t.lerp_(end, weight); }); }

API Handle mt_clamp(const at::Tensor &t, Scalar low, Scalar high) { return tensor([&] { return t.clamp(maybe(low), maybe(high)); }); }
API Handle mt_clamp_(at::Tensor &t, Scalar low, Scalar high) { return tensor([&] { return t.clamp_(maybe(low), maybe(high)); }); }
API Handle mt_clamp_tensor(const at::Tensor &t, Optional low, Optional high) { return tensor([&] { return t.clamp(maybe(low), maybe(high)); }); }
API Handle mt_clamp_tensor_(at::Tensor &t, Optional low, Optional high) { return tensor([&] { return t.clamp_(maybe(low), maybe(high)); }); }

API Handle mt_where(const at::Tensor &condition, const at::Tensor &x, const at::Tensor &y) { return tensor([&] { return at::where(condition, x, y); }); }
API Handle mt_masked_fill(const at::Tensor &t, const at::Tensor &mask, Scalar with) { return tensor([&] { return t.masked_fill(mask, value(with)); }); }
API Handle mt_masked_fill_(at::Tensor &t, const at::Tensor &mask, Scalar with) { return tensor([&] { return t.masked_fill_(mask, value(with)); }); }
API Handle mt_fill_(at::Tensor &t, Scalar with) { return tensor([&] { return t.fill_(value(with)); }); }
API Handle mt_zero_(at::Tensor &t) { return tensor([&] { return t.zero_(); }); }
API Handle mt_round_decimals(const at::Tensor &t, int64_t decimals) { return tensor([&] { return at::round(t, decimals); }); }
