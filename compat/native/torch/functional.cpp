#include "api.h"

API Handle mt_linear(const at::Tensor &x, const at::Tensor &weight, Optional bias) { return tensor([&] { return at::linear(x, weight, maybe(bias)); }); }

API Handle mt_conv2d(const at::Tensor &x, const at::Tensor &weight, Optional bias, const int64_t *stride, const int64_t *padding, const int64_t *dilation,
                     int64_t groups) {
  return tensor([&] { return at::conv2d(x, weight, maybe(bias), dims(stride, 2), dims(padding, 2), dims(dilation, 2), groups); });
}

API Handle mt_batch_norm(const at::Tensor &x, Optional weight, Optional bias, Optional mean, Optional variance, bool training, double momentum, double eps) {
  return tensor([&] { return at::batch_norm(x, maybe(weight), maybe(bias), maybe(mean), maybe(variance), training, momentum, eps, true); });
}

API Handle mt_gelu(const at::Tensor &x) { return tensor([&] { return at::gelu(x); }); }
API Handle mt_softmax(const at::Tensor &x, int64_t dim, int32_t dtype) { return tensor([&] { return at::softmax(x, dim, maybe_type(dtype)); }); }
API Handle mt_log_softmax(const at::Tensor &x, int64_t dim, int32_t dtype) { return tensor([&] { return at::log_softmax(x, dim, maybe_type(dtype)); }); }

API Handle mt_max_pool2d(const at::Tensor &x, const int64_t *kernel, const int64_t *stride, const int64_t *padding, const int64_t *dilation, bool ceil) {
  return tensor([&] { return at::max_pool2d(x, dims(kernel, 2), dims(stride, 2), dims(padding, 2), dims(dilation, 2), ceil); });
}
API Handle mt_max_pool2d_with_indices(const at::Tensor &x, const int64_t *kernel, const int64_t *stride, const int64_t *padding, const int64_t *dilation,
                                      bool ceil, Handle *indices) {
  return pair(indices, [&] { return at::max_pool2d_with_indices(x, dims(kernel, 2), dims(stride, 2), dims(padding, 2), dims(dilation, 2), ceil); });
}
API Handle mt_avg_pool2d(const at::Tensor &x, const int64_t *kernel, const int64_t *stride, const int64_t *padding, bool ceil, bool count_padding,
                         int64_t divisor) {
  return tensor([&] {
    maybe_of::optional<int64_t> by;
    if (divisor != 0) by = divisor;
    return at::avg_pool2d(x, dims(kernel, 2), dims(stride, 2), dims(padding, 2), ceil, count_padding, by);
  });
}
API Handle mt_adaptive_avg_pool2d(const at::Tensor &x, const int64_t *size) { return tensor([&] { return at::adaptive_avg_pool2d(x, dims(size, 2)); }); }
API Handle mt_adaptive_max_pool2d(const at::Tensor &x, const int64_t *size) {
  return tensor([&] { return std::get<0>(at::adaptive_max_pool2d(x, dims(size, 2))); });
}

API Handle mt_dropout(const at::Tensor &x, double p, bool training) { return tensor([&] { return at::dropout(x, p, training); }); }
API Handle mt_dropout_(at::Tensor &x, double p, bool training) { return tensor([&] { return at::dropout_(x, p, training); }); }
API Handle mt_feature_dropout(const at::Tensor &x, double p, bool training) { return tensor([&] { return at::feature_dropout(x, p, training); }); }
API Handle mt_feature_dropout_(at::Tensor &x, double p, bool training) { return tensor([&] { return at::feature_dropout_(x, p, training); }); }

API Handle mt_cross_entropy(const at::Tensor &x, const at::Tensor &target, Optional weight, int64_t reduction, int64_t ignore, double smoothing) {
  return tensor([&] { return at::cross_entropy_loss(x, target, maybe(weight), reduction, ignore, smoothing); });
}
API Handle mt_nll_loss(const at::Tensor &x, const at::Tensor &target, Optional weight, int64_t reduction) {
  return tensor([&] { return at::nll_loss_nd(x, target, maybe(weight), reduction, -100); });
}
API Handle mt_kl_div(const at::Tensor &x, const at::Tensor &target, int64_t reduction, bool log_target) {
  return tensor([&] { return at::kl_div(x, target, reduction, log_target); });
}
API Handle mt_mse_loss(const at::Tensor &x, const at::Tensor &target, int64_t reduction) { return tensor([&] { return at::mse_loss(x, target, reduction); }); }
API Handle mt_binary_cross_entropy_with_logits(const at::Tensor &x, const at::Tensor &target, Optional weight, Optional positive, int64_t reduction) {
  return tensor([&] { return at::binary_cross_entropy_with_logits(x, target, maybe(weight), maybe(positive), reduction); });
}
API Handle mt_cosine_similarity(const at::Tensor &a, const at::Tensor &b, int64_t dim, double eps) {
  return tensor([&] { return at::cosine_similarity(a, b, dim, eps); });
}
API Handle mt_normalize(const at::Tensor &x, double p, int64_t dim, double eps) {
  return tensor([&] { return x / x.norm(p, {dim}, true).clamp_min(eps).expand_as(x); });
}
API Handle mt_one_hot(const at::Tensor &x, int64_t classes) { return tensor([&] { return at::one_hot(x, classes); }); }

// mode: PaddingModes of the managed side.
API Handle mt_pad(const at::Tensor &x, const int64_t *by, int32_t count, int32_t mode, double fill) {
  return tensor([&] {
    auto pad = dims(by, count);
    auto is = [&](size_t spatial) { return pad.size() == 2 * spatial; };
    switch (mode) {
      case 1:
        return is(1) ? at::reflection_pad1d(x, pad) : at::reflection_pad2d(x, pad);
      case 2:
        return is(1) ? at::replication_pad1d(x, pad) : is(2) ? at::replication_pad2d(x, pad) : at::replication_pad3d(x, pad);
      case 3:
        return at::_pad_circular(x, pad);
      default:
        return at::constant_pad_nd(x, pad, mode == 0 ? at::Scalar(0) : at::Scalar(fill));
    }
  });
}

namespace {
maybe_of::optional<double> factor(const double *factors, size_t i) { return factors == nullptr ? maybe_of::nullopt : maybe_of::make_optional(factors[i]); }
}  // namespace

// Two spatial dimensions; mode: InterpolationMode of the managed side. `size` is always given, `factors` where the caller scaled by them.
API Handle mt_interpolate2d(const at::Tensor &x, const int64_t *size, const double *factors, int32_t mode, bool align_corners, bool antialias) {
  return tensor([&] {
    auto to = dims(size, 2);
    auto h = factor(factors, 0), w = factor(factors, 1);
    switch (mode) {
      case 0:
        return at::upsample_nearest2d(x, to, h, w);
      case 2:
        return antialias ? at::_upsample_bilinear2d_aa(x, to, align_corners, h, w) : at::upsample_bilinear2d(x, to, align_corners, h, w);
      case 3:
        return antialias ? at::_upsample_bicubic2d_aa(x, to, align_corners, h, w) : at::upsample_bicubic2d(x, to, align_corners, h, w);
      case 5:
        return at::adaptive_avg_pool2d(x, to);
      case 6:
        return at::_upsample_nearest_exact2d(x, to, h, w);
      default:
        throw std::invalid_argument("this interpolation mode does not fit two spatial dimensions");
    }
  });
}

// mode and padding as at::native counts them: bilinear, nearest, bicubic; zeros, border, reflection.
API Handle mt_grid_sample(const at::Tensor &x, const at::Tensor &grid, int64_t mode, int64_t padding, bool align_corners) {
  return tensor([&] { return at::grid_sampler(x, grid, mode, padding, align_corners); });
}
API Handle mt_affine_grid(const at::Tensor &theta, const int64_t *size, int32_t count, bool align_corners) {
  return tensor([&] { return at::affine_grid_generator(theta, dims(size, count), align_corners); });
}
