#include "api.h"

API Handle mt_sum(const at::Tensor &t, int32_t dtype) { return tensor([&] { return t.sum(maybe_type(dtype)); }); }
API Handle mt_sum_dims(const at::Tensor &t, const int64_t *over, int32_t count, bool keep, int32_t dtype) {
  return tensor([&] { return t.sum(dims(over, count), keep, maybe_type(dtype)); });
}
API Handle mt_mean(const at::Tensor &t) { return tensor([&] { return t.mean(); }); }
API Handle mt_mean_dims(const at::Tensor &t, const int64_t *over, int32_t count, bool keep, int32_t dtype) {
  return tensor([&] { return t.mean(dims(over, count), keep, maybe_type(dtype)); });
}
API Handle mt_prod(const at::Tensor &t, int32_t dtype) { return tensor([&] { return t.prod(maybe_type(dtype)); }); }
API Handle mt_var(const at::Tensor &t, bool unbiased) { return tensor([&] { return t.var(unbiased); }); }
API Handle mt_var_dims(const at::Tensor &t, const int64_t *over, int32_t count, bool unbiased, bool keep) {
  return tensor([&] { return t.var(dims(over, count), unbiased, keep); });
}
API Handle mt_std(const at::Tensor &t, bool unbiased) { return tensor([&] { return t.std(unbiased); }); }
API Handle mt_std_dims(const at::Tensor &t, const int64_t *over, int32_t count, bool unbiased, bool keep) {
  return tensor([&] { return t.std(dims(over, count), unbiased, keep); });
}
API Handle mt_max(const at::Tensor &t) { return tensor([&] { return t.max(); }); }
API Handle mt_min(const at::Tensor &t) { return tensor([&] { return t.min(); }); }
API Handle mt_max_dim(const at::Tensor &t, int64_t dim, bool keep, Handle *indices) {
  return pair(indices, [&] { return t.max(dim, keep); });
}
API Handle mt_min_dim(const at::Tensor &t, int64_t dim, bool keep, Handle *indices) {
  return pair(indices, [&] { return t.min(dim, keep); });
}
API Handle mt_amax(const at::Tensor &t, const int64_t *over, int32_t count, bool keep) { return tensor([&] { return t.amax(dims(over, count), keep); }); }
API Handle mt_amin(const at::Tensor &t, const int64_t *over, int32_t count, bool keep) { return tensor([&] { return t.amin(dims(over, count), keep); }); }
API Handle mt_argmax(const at::Tensor &t) { return tensor([&] { return t.argmax(); }); }
API Handle mt_argmin(const at::Tensor &t) { return tensor([&] { return t.argmin(); }); }
API Handle mt_argmax_dim(const at::Tensor &t, int64_t dim, bool keep) { return tensor([&] { return t.argmax(dim, keep); }); }
API Handle mt_argmin_dim(const at::Tensor &t, int64_t dim, bool keep) { return tensor([&] { return t.argmin(dim, keep); }); }
API Handle mt_topk(const at::Tensor &t, int64_t k, int64_t dim, bool largest, bool sorted, Handle *indices) {
  return pair(indices, [&] { return t.topk(k, dim, largest, sorted); });
}
API Handle mt_sort(const at::Tensor &t, int64_t dim, bool descending, bool stable, Handle *indices) {
  return pair(indices, [&] { return at::sort(t, stable, dim, descending); });
}
API Handle mt_argsort(const at::Tensor &t, int64_t dim, bool descending) { return tensor([&] { return t.argsort(dim, descending); }); }
API Handle mt_cumsum(const at::Tensor &t, int64_t dim, int32_t dtype) { return tensor([&] { return t.cumsum(dim, maybe_type(dtype)); }); }
API Handle mt_any(const at::Tensor &t) { return tensor([&] { return t.any(); }); }
API Handle mt_all(const at::Tensor &t) { return tensor([&] { return t.all(); }); }
API Handle mt_any_dim(const at::Tensor &t, int64_t dim, bool keep) { return tensor([&] { return t.any(dim, keep); }); }
API Handle mt_all_dim(const at::Tensor &t, int64_t dim, bool keep) { return tensor([&] { return t.all(dim, keep); }); }
API Handle mt_norm(const at::Tensor &t, float p) { return tensor([&] { return t.norm(p); }); }
API Handle mt_norm_dim(const at::Tensor &t, int64_t dim, bool keep, float p) { return tensor([&] { return t.norm(p, {dim}, keep); }); }
API Handle mt_logsumexp(const at::Tensor &t, int64_t dim, bool keep) { return tensor([&] { return t.logsumexp(dim, keep); }); }
API Handle mt_bincount(const at::Tensor &t, Optional weights, int64_t minimum) { return tensor([&] { return t.bincount(maybe(weights), minimum); }); }

API Handle mt_matmul(const at::Tensor &t, const at::Tensor &other) { return tensor([&] { return t.matmul(other); }); }
API Handle mt_mm(const at::Tensor &t, const at::Tensor &other) { return tensor([&] { return t.mm(other); }); }
API Handle mt_bmm(const at::Tensor &t, const at::Tensor &other) { return tensor([&] { return t.bmm(other); }); }
API Handle mt_dot(const at::Tensor &t, const at::Tensor &other) { return tensor([&] { return t.dot(other); }); }
API Handle mt_einsum(const char *equation, List operands) { return tensor([&] { return at::einsum(equation, tensors(operands)); }); }
