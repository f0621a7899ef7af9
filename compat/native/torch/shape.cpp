#include "api.h"

API Handle mt_view(const at::Tensor &t, const int64_t *shape, int32_t count) { return tensor([&] { return t.view(dims(shape, count)); }); }
API Handle mt_reshape(const at::Tensor &t, const int64_t *shape, int32_t count) { return tensor([&] { return t.reshape(dims(shape, count)); }); }
API Handle mt_permute(const at::Tensor &t, const int64_t *order, int32_t count) { return tensor([&] { return t.permute(dims(order, count)); }); }
API Handle mt_expand(const at::Tensor &t, const int64_t *shape, int32_t count, bool implicit) {
  return tensor([&] { return t.expand(dims(shape, count), implicit); });
}
API Handle mt_repeat(const at::Tensor &t, const int64_t *times, int32_t count) { return tensor([&] { return t.repeat(dims(times, count)); }); }
API Handle mt_flip(const at::Tensor &t, const int64_t *over, int32_t count) { return tensor([&] { return t.flip(dims(over, count)); }); }
API Handle mt_roll(const at::Tensor &t, const int64_t *by, int32_t by_count, const int64_t *over, int32_t count) {
  return tensor([&] { return t.roll(dims(by, by_count), dims(over, count)); });
}
API Handle mt_flatten(const at::Tensor &t, int64_t start, int64_t end) { return tensor([&] { return t.flatten(start, end); }); }
API Handle mt_unflatten(const at::Tensor &t, int64_t dim, const int64_t *sizes, int32_t count) {
  // at::Tensor::unflatten changed its signature between versions; a view says the same.
  return tensor([&] {
    dim = at::maybe_wrap_dim(dim, t.dim());
    auto shape = t.sizes().vec();
    shape.erase(shape.begin() + dim);
    shape.insert(shape.begin() + dim, sizes, sizes + count);
    return t.view(shape);
  });
}
API Handle mt_transpose(const at::Tensor &t, int64_t a, int64_t b) { return tensor([&] { return t.transpose(a, b); }); }
API Handle mt_t(const at::Tensor &t) { return tensor([&] { return t.t(); }); }
API Handle mt_squeeze(const at::Tensor &t) { return tensor([&] { return t.squeeze(); }); }
API Handle mt_squeeze_dim(const at::Tensor &t, int64_t dim) { return tensor([&] { return t.squeeze(dim); }); }
API Handle mt_unsqueeze(const at::Tensor &t, int64_t dim) { return tensor([&] { return t.unsqueeze(dim); }); }
API Handle mt_narrow(const at::Tensor &t, int64_t dim, int64_t start, int64_t length) { return tensor([&] { return t.narrow(dim, start, length); }); }
API Handle mt_slice(const at::Tensor &t, int64_t dim, int64_t start, int64_t stop, int64_t step) {
  return tensor([&] { return t.slice(dim, start, stop, step); });
}
API Handle mt_select(const at::Tensor &t, int64_t dim, int64_t index) { return tensor([&] { return t.select(dim, index); }); }
API Handle mt_diagonal(const at::Tensor &t, int64_t offset, int64_t a, int64_t b) { return tensor([&] { return t.diagonal(offset, a, b); }); }
API Handle mt_tril(const at::Tensor &t, int64_t diagonal) { return tensor([&] { return t.tril(diagonal); }); }
API Handle mt_triu(const at::Tensor &t, int64_t diagonal) { return tensor([&] { return t.triu(diagonal); }); }
API Handle mt_unfold(const at::Tensor &t, int64_t dim, int64_t size, int64_t step) { return tensor([&] { return t.unfold(dim, size, step); }); }

API Handle mt_index_select(const at::Tensor &t, int64_t dim, const at::Tensor &index) { return tensor([&] { return t.index_select(dim, index); }); }
API Handle mt_gather(const at::Tensor &t, int64_t dim, const at::Tensor &index) { return tensor([&] { return t.gather(dim, index); }); }
API Handle mt_scatter(const at::Tensor &t, int64_t dim, const at::Tensor &index, const at::Tensor &source) {
  return tensor([&] { return t.scatter(dim, index, source); });
}
API Handle mt_scatter_(at::Tensor &t, int64_t dim, const at::Tensor &index, const at::Tensor &source) {
  return tensor([&] { return t.scatter_(dim, index, source); });
}
API Handle mt_scatter_add_(at::Tensor &t, int64_t dim, const at::Tensor &index, const at::Tensor &source) {
  return tensor([&] { return t.scatter_add_(dim, index, source); });
}
API Handle mt_index_add_(at::Tensor &t, int64_t dim, const at::Tensor &index, const at::Tensor &source, Scalar alpha) {
  return tensor([&] { return t.index_add_(dim, index, source, value(alpha)); });
}
API Handle mt_index_copy_(at::Tensor &t, int64_t dim, const at::Tensor &index, const at::Tensor &source) {
  return tensor([&] { return t.index_copy_(dim, index, source); });
}
API Handle mt_masked_select(const at::Tensor &t, const at::Tensor &mask) { return tensor([&] { return t.masked_select(mask); }); }
API Handle mt_nonzero(const at::Tensor &t) { return tensor([&] { return t.nonzero(); }); }
// Indices are tensors; 0 stands for a whole dimension.
API Handle mt_index(const at::Tensor &t, List indices) { return tensor([&] { return t.index(optional_tensors(indices)); }); }
API Handle mt_index_put_(at::Tensor &t, List indices, const at::Tensor &values, bool accumulate) {
  return tensor([&] { return t.index_put_(optional_tensors(indices), values, accumulate); });
}

API Handle mt_cat(List list, int64_t dim) { return tensor([&] { return at::cat(tensors(list), dim); }); }
API Handle mt_stack(List list, int64_t dim) { return tensor([&] { return at::stack(tensors(list), dim); }); }
API Handle mt_repeat_interleave(const at::Tensor &t, int64_t times, int64_t dim, bool flat) {
  return tensor([&] { return t.repeat_interleave(times, flat ? maybe_of::nullopt : maybe_of::make_optional(dim)); });
}
