using TorchSharp.Interop;

namespace TorchSharp;

public static partial class torch
{
    public static partial class nn
    {
        public static partial class functional
        {
            public static Tensor linear(Tensor input, Tensor weights, Tensor? bias = null) => NativeFunctional.mt_linear(input, weights, bias);

            public static Tensor conv2d(
                Tensor input, Tensor weight, Tensor? bias = null, long[]? strides = null, long[]? padding = null, long[]? dilation = null,
                long groups = 1) =>
                NativeFunctional.mt_conv2d(input, weight, bias, Two(strides, 1), Two(padding, 0), Two(dilation, 1), groups);

            public static Tensor batch_norm(
                Tensor input, Tensor? running_mean, Tensor? running_var, Tensor? weight = null, Tensor? bias = null, bool training = false,
                double momentum = 0.1, double eps = 1e-05) =>
                NativeFunctional.mt_batch_norm(input, weight, bias, running_mean, running_var, training, momentum, eps);

            public static Tensor dropout(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                inplace ? NativeFunctional.mt_dropout_(input, p, training) : NativeFunctional.mt_dropout(input, p, training);

            public static Tensor dropout2d(Tensor input, double p = 0.5, bool training = true, bool inplace = false) =>
                inplace ? NativeFunctional.mt_feature_dropout_(input, p, training) : NativeFunctional.mt_feature_dropout(input, p, training);

            /// <summary>Two values, one for each spatial dimension; one value counts for both.</summary>
            private static ReadOnlySpan<long> Two(long[]? values, long missing) => values switch
            {
                null or [] => [missing, missing],
                [long one] => [one, one],
                [_, _] => values,
                _ => throw new ArgumentException("Two spatial dimensions take one value or two."),
            };

            private static long[]? Both(long? value) => value is { } v ? [v, v] : null;

            private static long[]? Both((long, long)? values) => values is { } v ? [v.Item1, v.Item2] : null;
        }
    }
}
